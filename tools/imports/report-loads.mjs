// `node --import` of this file prints the URL of every module that is loaded after it.
import { writeSync } from 'node:fs';
import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) register(import.meta.url);

/** @type {import('node:module').LoadHook} */
export function load(url, context, nextLoad) {
  writeSync(1, `${url.split('?')[0]}\n`);
  return nextLoad(url, context);
}
