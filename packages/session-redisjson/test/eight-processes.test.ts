import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { Conversation, type Message } from '@agent-sessions/session-core';
import { describe, expect, test } from '@jest/globals';
import Type from 'typebox';
import { Compile } from 'typebox/schema';

import { bundledProgram } from '../../../tools/bundled-program.ts';
import { useTestRedis } from './redis-for-tests.ts';

const writers = [0, 1, 2, 3, 4, 5, 6, 7];
const messagesEach = 125;
const total = writers.length * messagesEach;
/** Tokens of one writer's messages: 1, 2, … 7, 1, 2, … */
const tokensEach = sum(Array.from({ length: messagesEach }, (_, number) => 1 + (number % 7)));

const program = bundledProgram(new URL('appending-process.ts', import.meta.url));

/** What one `JSON.GET` of messages and metadata answers. */
const Glance = Compile(
  Type.Object({
    '$.messages[*].tokens': Type.Array(Type.Integer()),
    '$.metadata': Type.Tuple([
      Type.Object({ message_count: Type.Integer(), total_tokens: Type.Integer() }),
    ]),
  }),
);

describe('F5 Eight processes append 1,000 messages to one session', () => {
  const redis = useTestRedis();

  test('and nobody ever sees messages and counters disagree', async () => {
    const sessionId = redis.newSessionId();
    const conversation = new Conversation({ store: redis.store, sessionId });
    await conversation.create();
    const work = await appendFromAll(sessionId);
    const [seen, followed] = await Promise.all([
      lookOnWhile(work, sessionId),
      followWhile(work, conversation),
    ]);
    console.log(`RedisJsonSessionStore: ${seen.reads} reads, ${seen.disagreements} disagreed`);
    expect(seen.disagreements).toBe(0);
    expect(seen.midway).toBeGreaterThan(0);

    const { messages } = await conversation.read();
    expect(messages).toHaveLength(total);
    expect(await conversation.metadata()).toMatchObject({
      messageCount: total,
      totalTokens: writers.length * tokensEach,
    });
    expect(followed).toEqual(messages);
    expectOwnOrderKept(messages);
    expectBatchesContiguous(messages);
  });

  test('in the way of the Python class, and a reader does see them disagree', async () => {
    const sessionId = redis.newSessionId();
    await new Conversation({ store: redis.store, sessionId }).create();
    const seen = await lookOnWhile(await appendFromAll(sessionId, ['--as-python']), sessionId);
    console.log(
      `Commands of the Python class: ${seen.reads} reads, ${seen.disagreements} disagreed`,
    );
    expect(seen.disagreements).toBeGreaterThan(0);
  });

  /** Looks past the driver, again and again: do messages, count and token sum agree? */
  async function lookOnWhile(work: Work, sessionId: string) {
    const seen = { reads: 0, disagreements: 0, midway: 0 };
    do {
      const paths = ['$.messages[*].tokens', '$.metadata'];
      const answer = await redis.command('JSON.GET', `session:${sessionId}`, ...paths);
      const glance: unknown = JSON.parse(String(answer));
      if (!Glance.Check(glance)) throw new TypeError('The session is not what it should be.');
      const tokens = glance['$.messages[*].tokens'];
      const [{ message_count: count, total_tokens: tokenSum }] = glance['$.metadata'];
      seen.reads += 1;
      if (tokens.length !== count || sum(tokens) !== tokenSum) seen.disagreements += 1;
      if (count > 0 && count < total) seen.midway += 1;
    } while (work.isGoingOn);
    await work.end;
    return seen;
  }

  /** Keeps up with the session through the driver, reading only what is new; answers all of it. */
  async function followWhile(work: Work, conversation: Conversation): Promise<Message[]> {
    let { messages: followed, mark } = await conversation.read();
    let isLast: boolean;
    do {
      isLast = !work.isGoingOn;
      const { messageCount } = await conversation.load();
      const rest = await conversation.read(mark === null ? {} : { since: mark });
      expect(rest.continues).toBe(true);
      expect(rest.mark?.length).toBeGreaterThanOrEqual(messageCount);
      followed = [...followed, ...rest.messages];
      expect(rest.mark?.length).toBe(followed.length);
      ({ mark } = rest);
    } while (!isLast);
    return followed;
  }

  /** Starts all processes, and lets them go together once all are there. */
  async function appendFromAll(sessionId: string, more: readonly string[] = []): Promise<Work> {
    const children = writers.map((writer) => {
      const batch = writer % 2 === 0 ? 1 : 5;
      const options = { url: redis.url, session: sessionId, writer, messages: messagesEach, batch };
      const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]);
      return spawn(process.execPath, [program, ...args, ...more], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
    });
    const exits = Promise.all(children.map((child) => once(child, 'exit')));
    await Promise.race([
      Promise.all(children.map((child) => once(child.stdout, 'data'))),
      exits.then(() => Promise.reject(new Error('No process is there; see what they printed.'))),
    ]);
    const work = {
      isGoingOn: true,
      end: exits.then((codes) => {
        work.isGoingOn = false;
        expect(codes).toEqual(writers.map(() => [0, null]));
      }),
    };
    for (const { stdin } of children) stdin.end('go\n');
    return work;
  }
});

interface Work {
  readonly isGoingOn: boolean;
  /** Fails where one of the processes did. */
  readonly end: Promise<void>;
}

interface Written {
  readonly writer: string | undefined;
  readonly number: number;
  readonly batch: string;
}

/** The content of a message as the appending process made it. */
function parse({ content }: Message): Written {
  const [writer, number, batch] = JSON.stringify(content).slice(1, -1).split(' ');
  return { writer, number: Number(number), batch: `${writer}/${batch}` };
}

function expectOwnOrderKept(messages: readonly Message[]): void {
  const written = messages.map(parse);
  for (const writer of writers) {
    const own = written.filter((each) => each.writer === String(writer));
    expect(own.map(({ number }) => number)).toEqual(
      Array.from({ length: messagesEach }, (_, number) => number),
    );
  }
}

/** A batch that others had written into would begin more than once. */
function expectBatchesContiguous(messages: readonly Message[]): void {
  const batches = messages.map((message) => parse(message).batch);
  const beginnings = batches.filter((batch, index) => batch !== batches[index - 1]);
  expect(beginnings).toHaveLength(new Set(batches).size);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => one + other, 0);
}
