import { promise } from '../case.ts';
import { refused, settled } from '../refused.ts';
import { same } from '../same.ts';
import { change, known, said, sameMark, times, unchanged } from '../session.ts';
import { endedDespite, longMs, withTtl } from '../time-to-live.ts';

export const createCases = [
  ...promise('Creating a session answers `created: true` and the mark of an empty history.', {
    'a new session': async ({ store, id }) => {
      const { created, mark } = await store.create(id);
      same([created, mark.length, mark.lastId], [true, 0, null]);
      same(mark.epoch !== '', true, 'whether there is an epoch');
    },
    'the session is there then, and empty': async ({ store, id }) => {
      const { mark } = await store.create(id, { userId: 'ada', ttlMs: longMs });
      const read = await store.read(id);
      same(read.messages, []);
      sameMark(mark, read.mark);
      same((await store.metadata(id))?.messageCount, 0);
    },
    'two sessions have two epochs': async ({ store }) => {
      const one = await store.create('one');
      const other = await store.create('other');
      same(one.mark.epoch === other.mark.epoch, false, 'whether the epochs are the same');
    },
  }),
  ...promise('Creating a session that exists answers `created: false` and leaves it as it is.', {
    'with its history, user, agents and time': async ({ store, id }) => {
      const messages = [{ ...said('hello'), tokens: 3 }];
      await change(store, id, { append: messages, userId: 'ada', agent: 'helper' });
      const { mark } = await store.read(id);
      await unchanged(store, id, async () => {
        const again = await store.create(id);
        same(again.created, false);
        sameMark(again.mark, mark);
        same((await store.create(id, { userId: 'ada' })).created, false);
      });
    },
    'though it is empty': async ({ store, id }) => {
      await store.create(id);
      const { created, mark } = await store.create(id);
      same(created, false);
      sameMark(mark, (await store.read(id)).mark);
    },
    'its operation ids are known still': async ({ store, id }) => {
      const commit = { operationId: 'once', append: [said('hello')] };
      await store.commit(id, commit);
      await store.create(id);
      same((await store.commit(id, commit)).repeated, true);
    },
    'by many at the same time, once': async ({ store, id }) => {
      const answers = await Promise.all(times(10, () => store.create(id)));
      same(answers.filter((each) => each.created).length, 1, 'how often it was created');
      same(new Set(answers.map((each) => each.mark.epoch)).size, 1, 'the number of epochs');
    },
  }),
  ...promise(
    'Creating a session that exists answers `created: false` and leaves it as it is.',
    {
      'with its TTL, which does not slide': async ({ store, id }) => {
        await withTtl(async (ttlMs) => {
          const name = `${id} ${ttlMs}`;
          await change(store, name, { append: [said('hello')], ttlMs });
          const isTheOldOne = async () => !(await store.create(name, { ttlMs: longMs })).created;
          await endedDespite(isTheOldOne, ttlMs);
        });
      },
      'without a TTL': async ({ store, id }) => {
        await store.create(id);
        await unchanged(store, id, () => store.create(id, { ttlMs: longMs }));
        same(known(await store.metadata(id), 'the metadata').ttlMs, null);
      },
    },
    'expiry',
  ),
  ...promise('Creating a session that belongs to another user is `session_not_found`.', {
    'a session of somebody else': async ({ store, id }) => {
      await change(store, id, { append: [said('private')], userId: 'ada' });
      await unchanged(store, id, () =>
        refused('session_not_found', () => store.create(id, { userId: 'bob' })),
      );
    },
    'a session of nobody': async ({ store, id }) => {
      await store.create(id);
      await refused('session_not_found', () => store.create(id, { userId: 'bob' }));
    },
    'two users at the same time': async ({ store, id }) => {
      const calls = ['ada', 'bob'].map((userId) => store.create(id, { userId }));
      const { answers, codes } = await settled(calls);
      same([answers.length, codes], [1, ['session_not_found']]);
    },
  }),
];
