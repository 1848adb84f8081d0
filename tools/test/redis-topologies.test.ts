import { expect, test } from '@jest/globals';
import { createCluster } from 'redis';
import { withConnection } from '../redis-server/connection.ts';
import { startCluster, startSentinel } from '../redis-server/index.ts';
import { until } from '../until.ts';

test('a cluster serves JSON in all its slots', async () => {
  const cluster = await startCluster();
  expect(cluster.masters).toHaveLength(3);
  const client = createCluster({ rootNodes: cluster.masters.map(({ url }) => ({ url })) });
  client.on('error', () => {});
  await client.connect();
  const keys = Array.from({ length: 30 }, (_, index) => `session:${index}`);
  for (const key of keys) {
    await client.json.set(key, '$', { key });
    expect(await client.json.get(key)).toEqual({ key });
  }
  const sizes = await Promise.all(
    cluster.masters.map(({ url }) => withConnection(url, (redis) => redis.dbSize())),
  );
  expect(Math.min(...sizes)).toBeGreaterThan(0);
  await client.disconnect();
  await cluster.stop();
});

test('each master of a cluster can have a replica that takes its place', async () => {
  const cluster = await startCluster({ replicasPerMaster: 1 });
  const [master] = cluster.masters;
  const [replica] = cluster.replicas;
  if (!master || !replica) throw new Error('a cluster without nodes');
  process.kill(master.pid, 'SIGKILL');
  await until('the replica is master', () =>
    withConnection(replica.url, async (redis) => {
      return (await redis.info('replication')).includes('role:master');
    }),
  );
  await cluster.stop();
});

test.each([1, 3])('%d sentinels make the replica the master when that dies', async (sentinels) => {
  const group = await startSentinel({ sentinels });
  expect(group.sentinels).toHaveLength(sentinels);
  await withConnection(group.master.url, (redis) => redis.json.set('kept', '$', { kept: true }));
  process.kill(group.master.pid, 'SIGKILL');
  const [sentinel] = group.sentinels;
  if (!sentinel) throw new Error('no sentinel');
  await until('the sentinels name the replica', async () => {
    const address = await withConnection(sentinel.url, (redis) =>
      redis.sendCommand(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', group.masterName]),
    );
    return Array.isArray(address) && address[1] === String(group.replica.port);
  });
  await group.stop();
});
