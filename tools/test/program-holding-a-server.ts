// Starts a server and keeps it, so that a test can kill this process and see what is left.
import { startRedisServer } from '../redis-server/index.ts';

const { pid, folder } = await startRedisServer();
console.log(`${pid} ${folder}`);
setInterval(() => {}, 60_000);
