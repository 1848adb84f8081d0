import type { RedisServer } from './launch-server.ts';

/** Starts several servers at once; if one fails to start, none is left. */
export async function startTogether(
  starts: readonly Promise<RedisServer>[],
): Promise<readonly RedisServer[]> {
  const results = await Promise.allSettled(starts);
  const servers = results.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failure = results.find((each) => each.status === 'rejected');
  if (failure === undefined) return servers;
  await stopTogether(servers);
  throw failure.reason;
}

export async function stopTogether(servers: readonly RedisServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}
