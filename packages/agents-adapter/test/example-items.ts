import type { AgentInputItem } from '@openai/agents-core';

/** One item of every variant that the SDK 0.20 knows, with as much in it as the variant can hold. */
export const exampleItems: Readonly<Record<string, AgentInputItem>> = {
  'user message': {
    role: 'user',
    type: 'message',
    id: 'msg_1',
    content: [
      { type: 'input_text', text: 'Grüße 👩‍👩‍👧‍👦 你好\u2028\u0000' },
      { type: 'input_image', image: { id: 'file_1' }, detail: 'high' },
      { type: 'input_file', file: { url: 'https://example.com/a.pdf' }, filename: 'a.pdf' },
      { type: 'audio', audio: 'UklGRg==', format: 'wav', transcript: null },
    ],
    providerData: { 'x-request': ['a', 1, null, { deep: true }], empty: {}, none: [] },
  },
  'assistant message': {
    id: 'msg_2',
    role: 'assistant',
    status: 'completed',
    phase: 'final_answer',
    content: [
      { type: 'output_text', text: 'Sure.', providerData: { annotations: [], logprobs: [-0.25] } },
      { type: 'refusal', refusal: 'I cannot.' },
      { type: 'image', image: 'iVBORw0KGgo=' },
    ],
  },
  'system message': { type: 'message', role: 'system', content: 'You are "brief".\n\tAlways.' },
  'tool search call': {
    type: 'tool_search_call',
    call_id: null,
    callId: 'call_1',
    execution: 'server',
    arguments: { paths: ['orders.*'], query: 'refund' },
    status: 'completed',
  },
  'tool search output': {
    type: 'tool_search_output',
    callId: 'call_1',
    tools: [
      { type: 'tool_reference', functionName: 'refund', namespace: 'orders' },
      { type: 'function', name: 'x', parameters: { type: 'object', properties: {} } },
    ],
    toolSearchAgentName: 'Desk',
    toolSearchMcpToolNames: [],
  },
  'hosted tool call': {
    type: 'hosted_tool_call',
    id: 'ws_1',
    name: 'web_search_call',
    arguments: '{"query":"x"}',
    status: 'completed',
    output: 'found',
    providerData: { action: { type: 'search', sources: [{ url: 'https://example.com' }] } },
  },
  'program call': { type: 'program', callId: 'p_1', code: 'return 1', fingerprint: 'sha256:00' },
  'program output': { type: 'program_output', callId: 'p_1', output: '1', status: 'incomplete' },
  'function call': {
    type: 'function_call',
    id: 'fc_1',
    callId: 'call_2',
    name: 'order_status',
    namespace: 'orders',
    status: 'completed',
    arguments: '{"orderId":"A-1","nested":{"n":1.10}}',
    caller: { type: 'program', callerId: 'p_1' },
  },
  'computer call': {
    type: 'computer_call',
    callId: 'call_3',
    status: 'completed',
    actions: [
      { type: 'click', x: 1, y: -2.5, button: 'left' },
      { type: 'drag', path: [{ x: 0, y: 0 }] },
    ],
    providerData: { pending_safety_checks: [] },
  },
  'shell call': {
    type: 'shell_call',
    callId: 'call_4',
    status: 'in_progress',
    action: { commands: ['ls -l', 'echo "$HOME"'], timeoutMs: 0 },
  },
  'patch call': {
    type: 'apply_patch_call',
    callId: 'call_5',
    status: 'completed',
    operation: { type: 'update_file', path: 'a.txt', diff: '@@\n-a\n+b\n', moveTo: 'b.txt' },
  },
  'function result': {
    type: 'function_call_result',
    name: 'order_status',
    callId: 'call_2',
    status: 'completed',
    output: [
      { type: 'input_text', text: 'Left the warehouse.' },
      { type: 'input_image', image: 'data:image/png;base64,iVBORw0KGgo=' },
    ],
  },
  'computer result': {
    type: 'computer_call_result',
    callId: 'call_3',
    output: { type: 'computer_screenshot', data: 'data:image/png;base64,iVBORw0KGgo=' },
  },
  'shell output': {
    type: 'shell_call_output',
    callId: 'call_4',
    maxOutputLength: 1000,
    output: [
      { stdout: 'a\r\n', stderr: '', outcome: { type: 'exit', exitCode: null }, extra: 'kept' },
      { stdout: '', stderr: 'late', outcome: { type: 'timeout' } },
    ],
  },
  'patch output': {
    type: 'apply_patch_call_output',
    callId: 'call_5',
    status: 'failed',
    output: 'no such file',
  },
  reasoning: {
    type: 'reasoning',
    id: 'rs_1',
    content: [{ type: 'input_text', text: 'Hm.' }],
    rawContent: [{ type: 'reasoning_text', text: 'Hm, hm.' }],
    providerData: { encrypted_content: 'gAAAAA==' },
  },
  compaction: {
    type: 'compaction',
    id: 'cmp_1',
    encrypted_content: 'gAAAAB==',
    created_by: 'model',
  },
  unknown: { type: 'unknown', id: 'u_1', providerData: { type: 'something_new', n: 12345678901 } },
};

/** A value as the item that it must be. */
export function asItem(value: unknown): AgentInputItem {
  if (isItem(value)) return value;
  throw new TypeError('It is no item of the SDK.');
}

/** No more than that: members of any kind may stand in an item. */
function isItem(value: unknown): value is AgentInputItem {
  return typeof value === 'object' && value !== null && ('type' in value || 'role' in value);
}
