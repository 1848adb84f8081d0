import type { SessionStore } from '@agent-sessions/session-core';

import { promise } from '../case.ts';
import { same } from '../same.ts';
import { append, change, said, times } from '../session.ts';

const sentence = 'The `agent` becomes the current one and joins the agents used, once.';

async function agents(store: SessionStore, id: string): Promise<unknown> {
  const { currentAgent, agentsUsed } = (await store.metadata(id)) ?? {};
  return [currentAgent, agentsUsed];
}

export const commitAgentCases = promise(sentence, {
  'none at first': async ({ store, id }) => {
    await append(store, id, 'hello');
    same(await agents(store, id), [null, []]);
  },
  'of the commit that makes the session': async ({ store, id }) => {
    await change(store, id, { append: [said('hello')], agent: 'one' });
    same(await agents(store, id), ['one', ['one']]);
  },
  'in the order of their first turn': async ({ store, id }) => {
    for (const agent of ['one', 'two', 'one', 'three', 'three', 'two']) {
      await change(store, id, { append: [said('hello')], agent });
    }
    same(await agents(store, id), ['two', ['one', 'two', 'three']]);
  },
  'with nothing else, and with a drop': async ({ store, id }) => {
    await append(store, id, 'hello', 'world');
    await change(store, id, { append: [], agent: 'one' });
    await change(store, id, { agent: 'two' });
    await change(store, id, { drop: 1, agent: 'three' });
    same(await agents(store, id), ['three', ['one', 'two', 'three']]);
  },
  'kept by commits without an agent': async ({ store, id }) => {
    await change(store, id, { append: [said('hello')], agent: 'one' });
    await append(store, id, 'world');
    await change(store, id, { drop: 'all', forgetOperations: true });
    same(await agents(store, id), ['one', ['one']]);
  },
  'the agent of a message is not meant': async ({ store, id }) => {
    await change(store, id, { append: [{ ...said('hello'), agent: 'speaker' }], agent: 'one' });
    same(await agents(store, id), ['one', ['one']]);
  },
  'names that are alike': async ({ store, id }) => {
    const names = [
      ...['a', 'A', ' a', 'a"b', "a'b", 'a\\', '$', '*', '\u0000', '\n', '🙂', '__proto__'],
      ...['constructor', '0', 'null', 'ü', '[]', '{}', 'x'.repeat(511), 'x'.repeat(512)],
    ];
    await store.create(id);
    for (const agent of [...names, ...names]) await change(store, id, { append: [], agent });
    same(await agents(store, id), ['x'.repeat(512), names]);
  },
  'at the same time': async ({ store, id }) => {
    await store.create(id);
    await Promise.all(
      times(30, (index) => change(store, id, { append: [], agent: `a${index % 3}` })),
    );
    const { agentsUsed = [] } = (await store.metadata(id)) ?? {};
    same(agentsUsed.toSorted(), ['a0', 'a1', 'a2']);
  },
});
