import type {
  Commit,
  CommitResult,
  CreateResult,
  ReadQuery,
  ReadResult,
  SessionAccess,
  SessionInit,
  SessionMetadata,
  SessionsPage,
  SessionsQuery,
  SessionStore,
  SessionStoreCapabilities,
  StateQuery,
  StateValue,
} from '@agent-sessions/session-core';
import { metrics, trace } from '@opentelemetry/api';
import type { Attributes, MeterProvider, TracerProvider } from '@opentelemetry/api';

import { OperationRecorder, type RecordedCall } from './operation-recorder.ts';

/** @see {@link TelemetrySessionStore} */
export interface TelemetrySessionStoreOptions {
  /** @defaultValue the global one of `@opentelemetry/api` */
  readonly tracerProvider?: TracerProvider | undefined;
  /** @defaultValue the global one of `@opentelemetry/api` */
  readonly meterProvider?: MeterProvider | undefined;
  /** Name the user in spans, as `enduser.id`. @defaultValue false */
  readonly recordUserId?: boolean | undefined;
}

const name = '@agent-sessions/session-telemetry';

/**
 * Spans and metrics of OpenTelemetry, around any store. A span names the session, what was added and
 * dropped, and how it ended; never what is said, titles, values, or texts of errors.
 *
 * Attributes follow the semantic conventions for generative AI (`gen_ai.conversation.id`,
 * `error.type`); those of our own begin with `agent_sessions.`.
 */
export class TelemetrySessionStore implements SessionStore {
  readonly capabilities: SessionStoreCapabilities;
  readonly #store: SessionStore;
  readonly #recorder: OperationRecorder;
  readonly #recordUserId: boolean;

  /** @param store - keeps the sessions, and belongs to this store from now on */
  constructor(store: SessionStore, options: TelemetrySessionStoreOptions = {}) {
    const { tracerProvider = trace, meterProvider = metrics, recordUserId = false } = options;
    this.capabilities = store.capabilities;
    this.#store = store;
    this.#recorder = new OperationRecorder(
      tracerProvider.getTracer(name),
      meterProvider.getMeter(name),
    );
    this.#recordUserId = recordUserId;
  }

  create(sessionId: string, init?: SessionInit): Promise<CreateResult> {
    return this.#recorder.record(
      this.#call('create', sessionId, init),
      () => this.#store.create(sessionId, init),
      ({ created }) => ({ 'agent_sessions.created': created }),
    );
  }

  async commit(sessionId: string, commit: Commit): Promise<CommitResult> {
    const result = await this.#recorder.record(
      this.#call('commit', sessionId, commit),
      () => this.#store.commit(sessionId, commit),
      ({ mark, repeated, dropped }) => ({
        'agent_sessions.added': countOf(commit.append),
        ...droppedOf(commit, dropped),
        'agent_sessions.repeated': repeated,
        ...lengthOf(mark),
      }),
    );
    this.#recorder.count(result.mark?.length, result.repeated);
    return result;
  }

  read(sessionId: string, query?: ReadQuery): Promise<ReadResult> {
    return this.#recorder.record(
      this.#call('read', sessionId, query),
      () => this.#store.read(sessionId, query),
      ({ messages, mark, continues, skipped }) => ({
        'agent_sessions.read': messages.length,
        'agent_sessions.skipped': skipped.length,
        'agent_sessions.continues': continues,
        ...lengthOf(mark),
      }),
    );
  }

  metadata(sessionId: string, access?: SessionAccess): Promise<SessionMetadata | undefined> {
    return this.#recorder.record(
      this.#call('metadata', sessionId, access),
      () => this.#store.metadata(sessionId, access),
      (metadata) => ({ 'agent_sessions.found': metadata !== undefined }),
    );
  }

  state(sessionId: string, query?: StateQuery): Promise<Readonly<Record<string, StateValue>>> {
    return this.#recorder.record(
      this.#call('state', sessionId, query),
      () => this.#store.state(sessionId, query),
      (values) => ({ 'agent_sessions.values': Object.keys(values).length }),
    );
  }

  sessions(query: SessionsQuery): Promise<SessionsPage> {
    return this.#recorder.record(
      this.#call('sessions', undefined, query),
      () => this.#store.sessions(query),
      ({ sessions }) => ({ 'agent_sessions.found': sessions.length }),
    );
  }

  delete(sessionId: string, access?: SessionAccess): Promise<boolean> {
    return this.#recorder.record(
      this.#call('delete', sessionId, access),
      () => this.#store.delete(sessionId, access),
      (isDeleted) => ({ 'agent_sessions.found': isDeleted }),
    );
  }

  async *list(access?: SessionAccess): AsyncIterable<string> {
    const { operation, attributes } = this.#call('list', undefined, access);
    const span = this.#recorder.start(operation, attributes);
    const startedAt = performance.now();
    let failure: unknown;
    let found = 0;
    try {
      for await (const sessionId of this.#store.list(access)) {
        found += 1;
        yield sessionId;
      }
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      // Also where nobody wants to hear the rest.
      span.setAttribute('agent_sessions.found', found);
      this.#recorder.end(span, operation, startedAt, failure);
    }
  }

  /** Closes the store that was given. */
  close(): Promise<void> {
    return this.#store.close();
  }

  #call(
    operation: string,
    sessionId: string | undefined,
    access: { readonly userId?: string | undefined } | undefined,
  ): RecordedCall {
    const attributes: Attributes = {};
    // What is no string is refused by the store.
    if (typeof sessionId === 'string') attributes['gen_ai.conversation.id'] = sessionId;
    const userId = this.#recordUserId ? access?.userId : undefined;
    if (typeof userId === 'string') attributes['enduser.id'] = userId;
    return { operation, attributes };
  }
}

function countOf(list: readonly unknown[] | undefined): number {
  return list?.length ?? 0;
}

/** Without `returnDropped` nobody tells how many there were. */
function droppedOf({ drop, returnDropped }: Commit, dropped: readonly unknown[]): Attributes {
  return drop === undefined || returnDropped ? { 'agent_sessions.dropped': dropped.length } : {};
}

function lengthOf(mark: { readonly length: number } | null): Attributes {
  return mark ? { 'agent_sessions.length': mark.length } : {};
}
