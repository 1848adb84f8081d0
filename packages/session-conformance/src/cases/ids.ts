import { newOperationId } from '@agent-sessions/session-core';

import { promise } from '../case.ts';
import { same } from '../same.ts';
import { append, change, history, isThere, listed, said } from '../session.ts';

/** Ids that a store may take for one another, for a pattern, or for something of its own. */
const ids = [
  ...['a', 'A', ' a', 'a ', 'aa', 'a:b', 'a:b:c', 'a/b', 'a.b', 'a|b', 'a,b', 'a b', 'a+b'],
  ...['*', '?', 'a*', '[', '[a]', '[^a]', '\\', '\\*', '{}', '{a}', 'x{a}', '%', '%61', '_', '$'],
  ...['\u0000', 'a\u0000', 'a\u0000b', '\n', 'a\n', '\t', '"', "'", '`', '#', '..', '.', '/', '~'],
  ...['🙂', '🙃', '\u00e9', 'e\u0301', 'ß', 'ss', 'SS', '\ufeffa', '\u200ba'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'length', 'null', 'undefined', 'true'],
  ...['0', '00', '-0', '1', '01', '1.0', '1e0', 'session', 'session:a', 'session-1'],
  ...['x'.repeat(511), 'x'.repeat(512), `${'x'.repeat(511)}y`, '🙂'.repeat(256)],
];

export const idCases = [
  ...promise('Sessions with different ids never meet, however alike the ids are.', {
    'each keeps its own history': async ({ store }) => {
      for (const [index, id] of ids.entries()) {
        const { mark } = await append(store, id, `message ${index}`);
        same(mark?.length, 1, `the length of ${JSON.stringify(id)}`);
      }
      for (const [index, id] of ids.entries()) {
        same(await history(store, id), [`message ${index}`]);
      }
    },
    'each has its own metadata': async ({ store }) => {
      for (const id of ids) {
        await change(store, id, { append: [said('hello')], agent: id, userId: id });
      }
      for (const id of ids) {
        const metadata = await store.metadata(id, { userId: id });
        const { sessionId, userId, currentAgent } = metadata ?? {};
        same([sessionId, userId, currentAgent], [id, id, id]);
      }
    },
    'each is listed as it is': async ({ store }) => {
      for (const id of ids) await append(store, id, 'hello');
      same(await listed(store), ids.toSorted());
    },
    'one is deleted, the others stay': async ({ store }) => {
      for (const id of ids) await append(store, id, 'hello');
      for (const [index, id] of ids.entries()) {
        same(await store.delete(id), true, `deleting ${JSON.stringify(id)}`);
        const there = await Promise.all(ids.map((each) => isThere(store, each)));
        same(
          there.indexOf(true),
          index + 1 < ids.length ? index + 1 : -1,
          'the first that is there',
        );
        same(there.filter(Boolean).length, ids.length - index - 1, 'how many are there');
      }
    },
    'one is there, no other is': async ({ store }) => {
      await store.create('a');
      for (const id of ids.slice(1)) same(await isThere(store, id), false, JSON.stringify(id));
    },
    'the same operation id in two of them': async ({ store }) => {
      const operationId = newOperationId();
      const ofOne = await store.commit('a', { operationId, append: [said('one')] });
      const ofOther = await store.commit('b', { operationId, append: [said('other')] });
      same([ofOne.repeated, ofOther.repeated], [false, false]);
      same(await history(store, 'b'), ['other']);
    },
  }),
];
