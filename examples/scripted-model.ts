import type { AgentInputItem } from '@openai/agents';
import {
  assistantMessage,
  functionCall,
  modelResponder,
  ScriptedModel,
} from '@openai/agents/testing';

/** The SDK's scripted model, with rules that need no network and know only what they are sent. */
export function scriptedModel(): ScriptedModel {
  const rule = modelResponder(({ request, index }) => {
    const history = typeof request.input === 'string' ? [] : request.input;
    const said = history.map(textOf).join('\n');
    const asked = textOf(history.findLast((item) => 'role' in item && item.role === 'user'));
    const status = /Order \w-\d+ [^"]*/.exec(resultOf(history.at(-1)))?.[0];
    const name = /I am (\w+)/.exec(said)?.[1] ?? 'stranger';
    const orderId = /order (\w-\d+)/.exec(said)?.[1] ?? 'none';

    if (status !== undefined) return [assistantMessage(status)];
    if (asked.includes('remember')) {
      return [assistantMessage(`You are ${name}, and you asked about order ${orderId}.`)];
    }
    if (!asked.includes('order')) return [assistantMessage(`Welcome, ${name}.`)];
    const call = { callId: `call_${history.length}_${index}` };
    if (request.tools.length > 0) return [functionCall('order_status', { orderId }, call)];
    return [functionCall('transfer_to_Orders', {}, call)];
  });
  return new ScriptedModel(Array.from({ length: 100 }, () => rule));
}

function textOf(item: AgentInputItem | undefined): string {
  if (item === undefined || !('role' in item)) return '';
  return typeof item.content === 'string' ? item.content : JSON.stringify(item.content);
}

function resultOf(item: AgentInputItem | undefined): string {
  return item?.type === 'function_call_result' ? JSON.stringify(item.output) : '';
}
