import { jsonVersionNamed, provideRedis } from '../redis-server/index.ts';

/** Starts one Redis for the whole run; its URL is in `AGENT_SESSIONS_TEST_REDIS_URL`. */
export default async function globalSetup(): Promise<void> {
  const version = jsonVersionNamed(process.env['AGENT_SESSIONS_REDISJSON']);
  const redis = await provideRedis({ version });
  process.env['AGENT_SESSIONS_TEST_REDIS_URL'] = redis.url;
  globalThis.stopTestRedis = redis.stop;
}
