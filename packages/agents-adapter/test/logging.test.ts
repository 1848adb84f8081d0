import { format } from 'node:util';

import { AgentsSession } from '@agent-sessions/agents-adapter';
import { describe, expect, test } from '@jest/globals';
import { getLogger, RunContext, setSensitiveDataLoggingEnabled, user } from '@openai/agents-core';
import { functionCall } from '@openai/agents-core/testing';

import { failureOf } from './failure.ts';
import { stores } from './stores.ts';

const secret = 'SECRET';
const said = user(secret);
const call = functionCall(secret, { secret }, { callId: '1' });

function recordingLogger(dontLogModelData: boolean, dontLogToolData: boolean) {
  const lines: string[] = [];
  const record = (...args: unknown[]) => lines.push(format(...args));
  const logger = {
    namespace: 'test',
    debug: record,
    error: record,
    warn: record,
    dontLogModelData,
    dontLogToolData,
  };
  return { lines, logger };
}

describe.each(stores)('On $name, the contents of a session', ({ useStore }) => {
  const { store, newSessionId } = useStore();

  /** Every call that there is, and the errors that it can come to. */
  async function callEverything(session: AgentsSession): Promise<Error[]> {
    const transaction = (operationId: string, expectedSuffix = [said]) => ({
      operationId,
      transaction: { type: 'replace_suffix' as const, expectedSuffix, replacement: [said, said] },
    });
    await session.addItems([said, call]);
    await session.getItems();
    await session.getItems(1);
    const replacement = { ...call, callId: '2' };
    await session.applyHistoryMutations({
      mutations: [{ type: 'replace_function_call', callId: '1', replacement }],
    });
    await session.popItem();
    await session.applyHistoryTransaction(transaction('1'));
    const bad = { ...said, providerData: { secret: [secret, 1n] } };
    const errors = [
      await failureOf(session.applyHistoryTransaction(transaction('1', []))),
      await failureOf(session.applyHistoryTransaction(transaction('2', [said, said, said]))),
      await failureOf(session.applyHistoryTransaction(transaction('3', [bad]))),
      await failureOf(session.addItems([said, bad])),
      await failureOf(session.replaceHistoryWithCompaction([bad])),
    ];
    await session.getItems();
    await session.replaceHistoryWithCompaction([said]);
    await session.clearSession();
    return errors;
  }

  test.each([
    [true, false],
    [false, true],
    [true, true],
  ])(
    'are not told to the logger with dontLogModelData %s and dontLogToolData %s',
    async (dontLogModelData, dontLogToolData) => {
      const { lines, logger } = recordingLogger(dontLogModelData, dontLogToolData);
      await callEverything(new AgentsSession({ store, sessionId: newSessionId(), logger }));
      expect(lines.length).toBeGreaterThan(0);
      expect(lines.join('\n')).not.toContain(secret);
    },
  );

  test('are told to the logger otherwise', async () => {
    const { lines, logger } = recordingLogger(false, false);
    const sessionId = newSessionId();
    await callEverything(new AgentsSession({ store, sessionId, logger }));
    for (const what of ['Read', 'Added', 'Dropped']) {
      expect(lines.filter((line) => line.startsWith(what)).join('\n')).toContain(secret);
    }
    for (const line of lines) expect(line).toContain(sessionId);
  });

  test('are told or not as the SDK is set at the moment', async () => {
    const lines: string[] = [];
    const logger = getLogger('test');
    logger.debug = (...args) => lines.push(format(...args));
    const session = new AgentsSession({ store, sessionId: newSessionId(), logger });
    try {
      setSensitiveDataLoggingEnabled(false);
      await session.addItems([said]);
      setSensitiveDataLoggingEnabled(true);
      await session.addItems([said]);
    } finally {
      setSensitiveDataLoggingEnabled(false);
    }
    expect(lines.map((line) => line.includes(secret))).toEqual([false, true]);
  });

  test('are in no error, nor in what caused it', async () => {
    const { logger } = recordingLogger(true, true);
    const session = new AgentsSession({ store, sessionId: newSessionId(), logger });
    for (const error of await callEverything(session)) {
      expect([error.message, error.stack, String(error.cause)].join('\n')).not.toContain(secret);
    }
  });

  test('of the session that the run has chosen are told under its id', async () => {
    const { lines, logger } = recordingLogger(false, false);
    const chosen = newSessionId();
    const choose = () => ({ sessionId: chosen });
    const session = new AgentsSession({ store, sessionId: newSessionId(), logger, choose });
    await session.addItems([said], new RunContext());
    expect(lines.join('\n')).toContain(chosen);
  });
});
