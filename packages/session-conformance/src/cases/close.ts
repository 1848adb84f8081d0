import { promise } from '../case.ts';
import { append } from '../session.ts';

export const closeCases = promise('Closing twice does no harm.', {
  'a store that was used': async ({ store, id, close }) => {
    await append(store, id, 'hello');
    await close(store);
    await close(store);
  },
  'a store that was not used': async ({ store, close }) => {
    await close(store);
    await close(store);
    await close(store);
  },
  'at the same time': async ({ store, close }) => {
    await Promise.all([close(store), close(store)]);
  },
});
