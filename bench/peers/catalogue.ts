import type { Peer, PeerGroup } from './peer.ts';

/** What is known of a peer before it is opened. */
export interface Entry {
  readonly group: PeerGroup;
  /** What it is, with its version, and what it leaves out of the work. */
  readonly about: string;
  /** What it needs: the Redis of all, one of its own that has search, PostgreSQL, a file, or nothing. */
  readonly on: 'redis' | 'search' | 'postgres' | 'file' | 'nothing';
  /** Imports what it needs, and nothing of the others. @param place - the URL or the path */
  open(place: string): Promise<Peer>;
}

export const ping = 'PING';
export const bareJson = 'bare JSON.ARRAPPEND, JSON.GET';
export const list = 'RPUSH, LRANGE + parse';
export const string = 'GET, SET of one string';
export const ours = 'ours, node-redis 4';
export const agentsSession = 'ours, AgentsSession';
export const cached = 'ours, AgentsSession cached';
export const pythonCommands = 'commands of the Python class';
export const redisSessionCommands = 'commands of RedisSession';
export const pythonClass = 'Python class JSONSession';
export const fileSession = 'FileSession (SDK example)';
export const prismaSession = 'PrismaSession (SDK example), PostgreSQL';
export const chatHistory = 'LangChain chat history';

/** All peers in Node, by the names that they have in the tables. */
export const catalogue: Readonly<Record<string, Entry>> = {
  [ping]: {
    group: 'floor',
    about: 'A round trip that does nothing',
    on: 'redis',
    open: async (url) => (await import('./floors.ts')).pingPeer(url),
  },
  [bareJson]: {
    group: 'floor',
    about: 'One command of RedisJSON, with a record as ours and nothing that counts or checks',
    on: 'redis',
    open: async (url) => (await import('./floors.ts')).arrAppendPeer(url),
  },
  [list]: {
    group: 'floor',
    about: 'A plain list of JSON strings, without a TTL',
    on: 'redis',
    open: async (url) => (await import('./floors.ts')).listPeer(url),
  },
  [ours]: {
    group: 'ours',
    about: 'RedisJsonSessionStore on a client of node-redis 4, through Conversation',
    on: 'redis',
    open: async (url) => (await import('./ours.ts')).driverPeer4(url),
  },
  'ours, node-redis 5': {
    group: 'ours',
    about: 'The same on a client of node-redis 5',
    on: 'redis',
    open: async (url) => (await import('./ours.ts')).driverPeer5(url),
  },
  'ours, node-redis 6': {
    group: 'ours',
    about: 'The same on a client of node-redis 6',
    on: 'redis',
    open: async (url) => (await import('./ours.ts')).driverPeer6(url),
  },
  'ours, JSONSession': {
    group: 'ours',
    about: 'JSONSession by URL, each with a connection; it adds messages one by one',
    on: 'redis',
    open: async (url) => (await import('./ours.ts')).jsonSessionPeer(url),
  },
  [agentsSession]: {
    group: 'ours',
    about: 'AgentsSession on node-redis 4',
    on: 'redis',
    open: async (url) => (await import('./sdk.ts')).agentsSessionPeer(url),
  },
  [cached]: {
    group: 'ours',
    about: 'AgentsSession on CachingSessionStore, node-redis 4',
    on: 'redis',
    open: async (url) => (await import('./sdk.ts')).cachedPeer(url),
  },
  [pythonCommands]: {
    group: 'others',
    about:
      'The five commands that redis_openai_agents.JSONSession sends for a message, on node-redis 4',
    on: 'redis',
    open: async (url) => (await import('./python-sequences.ts')).jsonSessionCommands(url),
  },
  [redisSessionCommands]: {
    group: 'others',
    about:
      'What agents.extensions.memory.RedisSession sends to add items: WATCH, three TYPE, TIME, MULTI … EXEC, on node-redis 4',
    on: 'redis',
    open: async (url) => (await import('./python-sequences.ts')).redisSessionCommands(url),
  },
  [chatHistory]: {
    group: 'others',
    about: 'RedisChatMessageHistory of @langchain/redis 1.1.2; it has no read of the last ones',
    on: 'redis',
    open: async (url) => (await import('./langchain.ts')).chatHistoryPeer(url),
  },
  'LangGraph checkpoints': {
    group: 'others',
    about:
      'RedisSaver of @langchain/langgraph-checkpoint-redis 1.0.11, on a server of its own that has search; it finds the newest by KEYS',
    on: 'search',
    open: async (url) => (await import('./langchain.ts')).checkpointPeer(url),
  },
  [string]: {
    group: 'others',
    about: 'The whole conversation as one JSON string with EX; two writers at once lose messages',
    on: 'redis',
    open: async (url) => (await import('./floors.ts')).stringPeer(url),
  },
  'ours, SQLite example': {
    group: 'ours',
    about: 'examples/sqlite-session-store.ts: a file on this machine, written to disk',
    on: 'file',
    open: async (path) => (await import('./ours.ts')).sqlitePeer(path),
  },
  [fileSession]: {
    group: 'others',
    about:
      'The session of examples/memory/file.ts of the SDK, written after it: one file of JSON, read and written as a whole; two writers at once lose messages',
    on: 'file',
    open: async (path) => (await import('./sdk-examples.ts')).fileSessionPeer(`${path}-sessions`),
  },
  [prismaSession]: {
    group: 'others',
    about:
      'The session of examples/memory/sessions/prisma.ts of the SDK, written after it, on Prisma 7.10 and PostgreSQL as it is installed: a row an item',
    on: 'postgres',
    open: async (place) => (await import('./sdk-examples.ts')).prismaPeer(place),
  },
  'MemorySession (SDK)': {
    group: 'others',
    about: 'The in-memory session of @openai/agents-core: no server, and gone with the process',
    on: 'nothing',
    open: async () => (await import('./sdk.ts')).memorySessionPeer(),
  },
};
