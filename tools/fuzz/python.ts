import type { Kind } from './operation.ts';

type Call = Kind<'python'>['call'];

/** What Python makes up for itself. */
export interface PythonFacts {
  readonly id: string;
  /** `time.time()` */
  readonly seconds: number;
}

/**
 * The commands that the Python class sends for a call, in their order; an error ends the call.
 * Source: redis_openai_agents/json_session.py, version 0.1.0.
 *
 * @param knows - whether the agent is in `agents_used`, which Python looks up in between
 */
export function pythonCommands(
  key: string,
  sessionId: string,
  call: Call,
  { id, seconds }: PythonFacts,
  knows: (agent: string) => boolean,
): string[][] {
  const touch = ['JSON.SET', key, '$.updated_at', String(seconds)];
  const expire =
    'ttlSeconds' in call && call.ttlSeconds ? ['EXPIRE', key, `${call.ttlSeconds}`] : [];
  switch (call.method) {
    case 'create': {
      const document = {
        session_id: sessionId,
        user_id: call.userId,
        created_at: seconds,
        updated_at: seconds,
        metadata: { current_agent: null, agents_used: [], message_count: 0, total_tokens: 0 },
        messages: [],
        handoff_context: null,
      };
      return [['JSON.SET', key, '$', dumps(document)], expire].filter(isCommand);
    }
    case 'add_message': {
      const { role, content, agent = null, tokens = null, halfDone } = call;
      const message = { id, role, content, timestamp: seconds, agent, tokens };
      const append = ['JSON.ARRAPPEND', key, '$.messages', dumps(message)];
      if (halfDone) return [append];
      const count = ['JSON.NUMINCRBY', key, '$.metadata.message_count', '1'];
      const sum = tokens ? ['JSON.NUMINCRBY', key, '$.metadata.total_tokens', `${tokens}`] : [];
      return [append, count, sum, touch, expire].filter(isCommand);
    }
    case 'track_agent': {
      const { agent } = call;
      const set = ['JSON.SET', key, '$.metadata.current_agent', dumps(agent)];
      const add = ['JSON.ARRAPPEND', key, '$.metadata.agents_used', dumps(agent)];
      return [set, knows(agent) ? [] : add, touch].filter(isCommand);
    }
    case 'clear':
      return [
        ['JSON.SET', key, '$.messages', '[]'],
        ['JSON.SET', key, '$.metadata.message_count', '0'],
        ['JSON.SET', key, '$.metadata.total_tokens', '0'],
        touch,
      ];
    default:
      return [['DEL', key]];
  }
}

function isCommand(command: string[]): boolean {
  return command.length > 0;
}

/** As `json.dumps` has it: ASCII only. */
function dumps(value: unknown): string {
  return JSON.stringify(value).replace(/[\u0080-\uffff]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
