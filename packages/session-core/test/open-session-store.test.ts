import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { nothingRead, openSessionStore } from '@agent-sessions/session-core';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'driver-'));
  await writeFile(
    join(folder, 'driver.mjs'),
    'export const openSessionStore = (url, options) => ({ url, options });',
  );
  await writeFile(join(folder, 'no-driver.mjs'), 'export const something = 1;');
});
afterAll(() => rm(folder, { recursive: true }));

describe('openSessionStore', () => {
  test('knows the driver of a URL', async () => {
    const store = await openSessionStore('memory:');
    expect(store.capabilities.durable).toBe(false);
    await store.close();
  });

  test('opens Redis by its URL', async () => {
    const url = process.env['AGENT_SESSIONS_TEST_REDIS_URL'] ?? '';
    const store = await openSessionStore({ url, keyPrefix: 'open-session-store:' });
    expect(await store.read('nothing')).toEqual(nothingRead());
    await store.close();
  });

  test('takes a driver by its path, with its options', async () => {
    const driver = join(folder, 'driver.mjs');
    const store = await openSessionStore({ url: 'mydb://host', driver, size: 3 });
    expect(store).toMatchObject({ url: 'mydb://host', options: { size: 3 } });
  });

  test('takes a driver by the name of its package', async () => {
    const driver = '@agent-sessions/session-memory';
    const store = await openSessionStore({ url: 'whatever:', driver });
    expect(store.capabilities.durable).toBe(false);
  });

  test.each([
    ['a scheme that nobody serves', { url: 'mysql://host' }, /mysql:.*redis:, rediss:, memory:/],
    ['a URL without a scheme', { url: 'localhost' }, /without a scheme/],
    [
      'a driver that is not there',
      { url: 'x:', driver: 'no-such-driver' },
      /npm install no-such-driver/,
    ],
  ])('says what to do about %s', async (_name, config, message) => {
    await expect(openSessionStore(config)).rejects.toMatchObject({
      code: 'driver_not_found',
      message: expect.stringMatching(message),
    });
  });

  test('says what is wrong with a module that is no driver', async () => {
    const driver = join(folder, 'no-driver.mjs');
    await expect(openSessionStore({ url: 'x:', driver })).rejects.toMatchObject({
      code: 'driver_not_found',
      message: expect.stringContaining('openSessionStore'),
    });
  });
});
