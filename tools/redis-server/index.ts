export { dockerProblem } from './docker-redis.ts';
export type { RedisServer } from './launch-server.ts';
export { type RedisServerOptions, startRedisServer } from './local-redis.ts';
export { type ProvidedRedis, provideRedis } from './provide-redis.ts';
export { type RedisCluster, type RedisClusterOptions, startCluster } from './redis-cluster.ts';
export { type RedisSentinel, type RedisSentinelOptions, startSentinel } from './redis-sentinel.ts';
export {
  type JsonVersion,
  jsonVersionNamed,
  searchModule,
  type StackOptions,
  stackProblem,
} from './stack-wheel.ts';
