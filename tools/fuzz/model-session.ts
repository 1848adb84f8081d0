import type { Message, SessionMark, SessionMetadata } from '@agent-sessions/session-core';

import { type Between, Difference, exactly, exactText, same, within } from './difference.ts';
import type { FuzzedMessage } from './operation.ts';

/** A message as the contract has it, as far as it is known what the store filled in. */
export interface ModelMessage extends Pick<Message, 'agent' | 'content' | 'tokens'> {
  readonly role: string;
  readonly item: Message['item'] | undefined;
  id: string | undefined;
  timestamp: Between;
}

/** What a session remembers of a commit. */
export interface ModelOperation {
  readonly content: string;
  /** How many commits there were with it. */
  readonly revision: number;
  /** The answer, as text. */
  readonly mark: SessionMark;
  readonly dropped: readonly Message[];
}

/** A session as the contract has it. What the store makes up is learned when it is first seen. */
export class ModelSession {
  readonly sessionId: string;
  readonly userId: string | null;
  /** It has been written by the driver, and not only by Python. */
  isOurs: boolean;
  isNewer = false;
  messages: ModelMessage[] = [];
  currentAgent: string | null = null;
  agentsUsed: string[] = [];
  ttlMs: number | null = null;
  expiresAt: Between | undefined;
  createdAt: Between;
  updatedAt: Between;
  revision = 0;
  operations = new Map<string, ModelOperation>();
  #epoch: string | undefined;
  #generation: number | undefined;
  readonly #pastGenerations = new Set<number>();
  /** Of all sessions that were at this place. */
  readonly #epochs: Set<string>;

  constructor(
    { sessionId, userId, isOurs }: Pick<ModelSession, 'sessionId' | 'userId' | 'isOurs'>,
    createdAt: Between,
    epochs: Set<string>,
  ) {
    this.sessionId = sessionId;
    this.userId = userId;
    this.isOurs = isOurs;
    this.createdAt = createdAt;
    this.updatedAt = createdAt;
    this.#epochs = epochs;
  }

  isOf(userId: string | undefined): boolean {
    return userId === undefined || userId === this.userId;
  }

  hasEpoch(epoch: string): boolean {
    return epoch === this.#epoch;
  }

  /** Whether a mark names this history. */
  isAt({ epoch, generation, length, lastId }: SessionMark): boolean {
    return (
      this.isAfter({ epoch, generation, length, lastId }) &&
      length === this.messages.length &&
      lastId === (this.messages.at(-1)?.id ?? null)
    );
  }

  /** Whether history only grew since a mark. */
  isAfter({ epoch, generation, length, lastId }: SessionMark): boolean {
    if (epoch !== this.#epoch || generation !== this.#generation) return false;
    return length === 0 || this.messages[length - 1]?.id === lastId;
  }

  /** History has changed in another way than by growing. */
  moveGeneration(): void {
    if (this.#generation !== undefined) this.#pastGenerations.add(this.#generation);
    this.#generation = undefined;
  }

  /** @throws Difference where it cannot be the mark of this history */
  learnMark(mark: SessionMark | null): void {
    if (mark === null) throw new Difference('there is a session, and its mark is null');
    const last = this.messages.at(-1);
    if (last) last.id ??= mark.lastId ?? undefined;
    same(mark.length, this.messages.length, 'length of the mark');
    same(mark.lastId, last?.id ?? null, 'lastId of the mark');
    if (this.#epoch === undefined && this.#epochs.has(mark.epoch)) {
      throw new Difference(`the epoch ${mark.epoch} is that of a former session`);
    }
    this.#epoch ??= mark.epoch;
    this.#epochs.add(mark.epoch);
    same(mark.epoch, this.#epoch, 'epoch of the mark');
    if (this.#generation === undefined && this.#pastGenerations.has(mark.generation)) {
      throw new Difference(`the generation ${mark.generation} is a former one`);
    }
    this.#generation ??= mark.generation;
    same(mark.generation, this.#generation, 'generation of the mark');
  }

  /** @throws Difference */
  learnMetadata(metadata: SessionMetadata | undefined): void {
    if (metadata === undefined) throw new Difference('there is a session without metadata');
    const { createdAtMs, updatedAtMs, usage: _, ...rest } = metadata;
    const { sessionId, userId, currentAgent, agentsUsed, ttlMs } = this;
    const counts = { messageCount: this.messages.length, totalTokens: this.totalTokens() };
    same(rest, { sessionId, userId, currentAgent, agentsUsed, ...counts, ttlMs }, 'metadata');
    within(createdAtMs, this.createdAt, 'createdAtMs');
    within(updatedAtMs, this.updatedAt, 'updatedAtMs');
    this.createdAt = exactly(createdAtMs);
    this.updatedAt = exactly(updatedAtMs);
  }

  totalTokens(): number {
    return this.messages.reduce((sum, { tokens }) => sum + (tokens ?? 0), 0);
  }

  useAgent(agent: string): void {
    this.currentAgent = agent;
    if (!this.agentsUsed.includes(agent)) this.agentsUsed.push(agent);
  }
}

/** A new message with what the contract fills in. */
export function modelMessage(message: FuzzedMessage, span: Between): ModelMessage {
  const { role, item, content, agent = null, tokens = null, id, timestampMs } = message;
  return {
    ...{ role, agent, tokens, id, item },
    content: content === undefined ? (item?.['content'] ?? '') : content,
    timestamp: timestampMs === undefined ? span : exactly(timestampMs),
  };
}

/** @throws Difference where the messages are others */
export function learnMessages(
  actual: readonly Message[],
  expected: readonly ModelMessage[],
  what: string,
): void {
  same(actual.length, expected.length, `number of ${what}`);
  for (const [index, message] of expected.entries()) {
    const { id = '', timestampMs = Number.NaN, ...rest } = actual[index] ?? {};
    const { role, content, agent, tokens, item } = message;
    same(rest, { role, content, agent, tokens, item }, `${what}[${index}]`);
    message.id ??= id;
    same(id, message.id, `id of ${what}[${index}]`);
    within(timestampMs, message.timestamp, `timestampMs of ${what}[${index}]`);
    message.timestamp = exactly(timestampMs);
  }
}

/** What makes a commit that is repeated the same: all it asks for, without ids and times. */
export function contentOf(commit: {
  readonly intent?: unknown;
  readonly drop?: number | 'all' | undefined;
  readonly append?: readonly FuzzedMessage[] | undefined;
  readonly returnDropped?: boolean | undefined;
  readonly forgetOperations?: boolean | undefined;
  readonly agent?: string | undefined;
}): string {
  const { intent, drop = 0, append, returnDropped = false, forgetOperations = false } = commit;
  if (intent !== undefined) return `intent ${exactText(intent, true)}`;
  const added = append?.map((message) => {
    const { role, content, agent, tokens, item } = modelMessage(message, exactly(0));
    return { role, content, agent, tokens, item };
  });
  const { agent } = commit;
  return exactText({ drop, added, returnDropped, forgetOperations, agent }, true);
}
