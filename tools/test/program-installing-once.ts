// Installs a thing that takes a while into the cache, for tests that run two of these at once. It
// prints a line when it installs, waits for a file named by the test, and then prints the folder.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installOnce } from '../cache.ts';
import { until } from '../until.ts';

const [goAhead = ''] = process.argv.slice(2);
console.log('started');
const folder = await installOnce('thing', 'proof', async (target) => {
  console.log('installing');
  await until('the test says so', () => existsSync(goAhead));
  writeFileSync(join(target, 'proof'), '');
});
console.log(folder);
