import type {
  Commit,
  SessionAccess,
  SessionMark,
  SessionStore,
} from '@agent-sessions/session-core';
import { SessionError } from '@agent-sessions/session-core';

import { reasonOf } from '../reason.ts';
import { Difference, exactly, same, within } from './difference.ts';
import { type Asked, keyOf, Model, type ModelCommit, type Verdict } from './model.ts';
import { ModelSession } from './model-session.ts';
import type { Kind, Operation } from './operation.ts';
import { Past } from './past.ts';
import { pythonCommands } from './python.ts';
import { checkStored } from './stored.ts';
import { type FuzzedStore, keysUnder, type World } from './world.ts';

/** Where and how a driver differed from the model. */
export class Divergence extends Error {
  override readonly name = 'Divergence';
  /** Of the operation that was played last. */
  readonly index: number;
  /** What differs, without the values. */
  readonly kind: string;

  constructor(index: number, cause: Difference) {
    super(cause.message, { cause });
    this.index = index;
    this.kind = cause.message.replace(/: got .*|\d+/gs, '');
  }
}

/** All sessions are looked at after so many operations, and at the end. */
const inspectEvery = 25;

/**
 * Plays operations in a world, and holds every answer and what is stored against the model.
 *
 * @throws Divergence
 */
export async function play(world: World, operations: readonly Operation[]): Promise<void> {
  const player = new Player(world);
  for (const [index, operation] of operations.entries()) {
    try {
      await player.play(operation, index);
      const isLast = index === operations.length - 1;
      if (isLast || index % inspectEvery === inspectEvery - 1) await player.inspect();
    } catch (error) {
      if (error instanceof Difference) throw new Divergence(index, error);
      throw error;
    }
  }
}

/** What is asked about every session at an inspection. */
const looks = [
  { kind: 'read' },
  { kind: 'read', last: 2 },
  { kind: 'read', last: 0 },
  { kind: 'read', role: 'user' },
  { kind: 'read', since: { back: 0 } },
  { kind: 'read', since: { back: 5 } },
  { kind: 'metadata' },
] as const;

type Target = Omit<FuzzedStore, 'store'>;

class Player {
  readonly #world: World;
  readonly #model = new Model();
  readonly #past = new Past();

  constructor(world: World) {
    this.#world = world;
  }

  async play(operation: Operation, index: number): Promise<void> {
    const { store, ...target } = this.#store(operation.store);
    if (operation.kind === 'list') return this.#list(store, target, operation);
    const asked: Asked = { ...target, ...operation };
    if (operation.kind === 'python') await this.#python(asked, operation.call, index);
    else if (operation.kind === 'befall') await this.#befall(asked, operation.what);
    else await this.#call(store, asked, operation);
    await this.#check(keyOf(asked));
  }

  /** Reads all sessions in every way, and looks whether there is anything else. */
  async inspect(): Promise<void> {
    const keys = [...this.#model.documents.keys()];
    for (const [index, { store, ...target }] of this.#world.stores.entries()) {
      for (const key of keys.filter((each) => each.startsWith(target.keyPrefix))) {
        const sessionId = key.slice(target.keyPrefix.length);
        for (const look of looks) {
          await this.#call(store, { ...target, sessionId }, { store: index, sessionId, ...look });
        }
      }
      await this.#list(store, target, {});
    }
    for (const key of keys) await this.#check(key);
    const { command, keyPrefix } = this.#world;
    same((await keysUnder(command, keyPrefix)).toSorted(), keys.toSorted(), 'the keys');
  }

  #store(index: number): FuzzedStore {
    const store = this.#world.stores[index];
    if (store) return store;
    throw new RangeError(`There is no store ${index}.`);
  }

  #check(key: string): Promise<void> {
    return checkStored(this.#world.command, key, this.#model.documents.get(key));
  }

  async #list(
    store: SessionStore,
    target: Target,
    { userId, aborted }: Pick<Kind<'list'>, 'userId' | 'aborted'>,
  ): Promise<void> {
    const verdict = this.#model.list({ ...target, userId, aborted });
    await holdAgainst(verdict, async () => {
      const ids: string[] = [];
      for await (const id of store.list(accessOf({ userId, aborted }))) ids.push(id);
      return ids;
    });
  }

  async #call(
    store: SessionStore,
    asked: Asked,
    operation: Exclude<Operation, { kind: 'list' | 'python' | 'befall' }>,
  ): Promise<void> {
    const { sessionId } = asked;
    const access = accessOf(asked);
    const key = keyOf(asked);
    switch (operation.kind) {
      case 'create': {
        const init = { ...access, ttlMs: operation.ttlMs };
        const verdict = this.#model.create(asked, init.ttlMs);
        this.#saw(key, await holdAgainst(verdict, () => store.create(sessionId, init)));
        return;
      }
      case 'commit':
      case 'repeat': {
        const commit = this.#past.commit(key, operation);
        if (commit) await this.#commit(store, asked, commit);
        return;
      }
      case 'burst':
        for (let count = 0; count < operation.commits; count += 1) {
          const append = [{ role: 'user', content: 'burst' }] as const;
          const commit = { operationId: `${operation.operationId} ${count}`, drop: 1, append };
          await this.#commit(store, asked, commit);
        }
        return;
      case 'read': {
        const { last, role } = operation;
        const since = operation.since && this.#past.mark(key, operation.since);
        const query = { ...access, last, role, since };
        const verdict = this.#model.read(asked, query);
        this.#saw(key, await holdAgainst(verdict, () => store.read(sessionId, query)));
        return;
      }
      case 'metadata':
        await holdAgainst(this.#model.metadata(asked), () => store.metadata(sessionId, access));
        return;
      case 'delete':
        await holdAgainst(this.#model.delete(asked), () => store.delete(sessionId, access));
    }
  }

  async #commit(store: SessionStore, asked: Asked, commit: ModelCommit): Promise<void> {
    const verdict = this.#model.commit(asked, commit);
    const answer = await holdAgainst(verdict, () => {
      const given = { ...structuredClone(commit), ...accessOf(asked) };
      const promise = store.commit(asked.sessionId, given);
      changeAll(given);
      return promise;
    });
    this.#saw(keyOf(asked), answer);
  }

  #saw(key: string, answer: { readonly mark: SessionMark | null } | undefined): void {
    if (answer?.mark) this.#past.sawMark(key, answer.mark);
  }

  async #python(asked: Asked, call: Kind<'python'>['call'], index: number): Promise<void> {
    const key = keyOf(asked);
    const document = this.#model.documents.get(key);
    // What it does to the documents of others is not for us to say.
    if (typeof document === 'string' && call.method !== 'delete') return;
    const session = document instanceof ModelSession ? document : undefined;
    const needsSession = call.method !== 'create' && call.method !== 'delete';
    // The same at every play, for whoever replays it, and never the same twice.
    const facts = { id: index.toString(16).padStart(16, '0'), seconds: 1.7e9 + index + 0.123456 };
    const knows = (agent: string) => session?.agentsUsed.includes(agent) === true;
    const commands = pythonCommands(key, asked.sessionId, call, facts, knows);
    const fromMs = Date.now();
    try {
      for (const command of commands) await this.#world.command(...command);
    } catch (error) {
      if (session || !needsSession) throw error;
    }
    this.#model.python(asked, call, { ...facts, span: { fromMs, toMs: Date.now() } });
  }

  async #befall(asked: Asked, what: Kind<'befall'>['what']): Promise<void> {
    const { command } = this.#world;
    const { documents } = this.#model;
    const key = keyOf(asked);
    const document = documents.get(key);
    switch (what) {
      case 'expires':
        await command('UNLINK', key);
        documents.delete(key);
        return;
      case 'is a string':
      case 'is other JSON': {
        const text = what === 'is a string' ? 'of another' : '{"messages":[{"role":"user"}]}';
        await command('UNLINK', key);
        await (text.startsWith('{')
          ? command('JSON.SET', key, '$', text)
          : command('SET', key, text));
        documents.set(key, text);
        return;
      }
      case 'is of a newer schema':
        if (!(document instanceof ModelSession && document.isOurs)) return;
        document.isNewer = !document.isNewer;
        await command(
          'JSON.SET',
          key,
          '$.agent_sessions.schema_version',
          document.isNewer ? '2' : '1',
        );
        return;
      case 'ages': {
        if (!(document instanceof ModelSession && document.expiresAt)) return;
        const { fromMs, toMs } = document.expiresAt;
        const expiresAtMs = Number(await command('PEXPIRETIME', key)) - 1000;
        within(expiresAtMs, { fromMs: fromMs - 1000, toMs: toMs - 1000 }, 'PEXPIRETIME');
        await command('PEXPIREAT', key, String(expiresAtMs));
        document.expiresAt = exactly(expiresAtMs);
      }
    }
  }
}

function accessOf({ userId, aborted }: Pick<Asked, 'userId' | 'aborted'>): SessionAccess {
  return { userId, signal: aborted && AbortSignal.abort() };
}

/**
 * @returns the answer, `undefined` where the call was refused and had to be
 * @throws Difference
 */
async function holdAgainst<Answer>(
  { refusals, accept }: Verdict<Answer>,
  call: () => Promise<Answer>,
): Promise<Answer | undefined> {
  const fromMs = Date.now();
  let answer: Answer;
  try {
    answer = await call();
  } catch (error) {
    if (!(error instanceof SessionError)) throw new Difference(`failed: ${reasonOf(error)}`);
    if (!refusals.includes(error.code)) {
      throw new Difference(`refused with ${error.code}, expected ${wanted(refusals)}`);
    }
    same(error.outcome, 'not_applied', `outcome of ${error.code}`);
    return undefined;
  }
  if (!accept) throw new Difference(`not refused, expected ${wanted(refusals)}`);
  accept(answer, { fromMs, toMs: Date.now() });
  return answer;
}

function wanted(refusals: readonly string[]): string {
  return refusals.length > 0 ? refusals.join(' or ') : 'an answer';
}

/** What a caller does with its arguments after the call must not matter. */
function changeAll(commit: Commit): void {
  for (const message of commit.append ?? []) {
    if (typeof message.content === 'object') emptyOut(message.content);
    if (message.item) emptyOut(message.item);
    Reflect.set(message, 'role', 'changed after the call');
  }
  if (commit.append) Reflect.set(commit.append, 'length', 0);
}

function emptyOut(value: object | null): void {
  for (const name of Object.keys(value ?? {})) Reflect.set(value ?? {}, name, 'changed');
}
