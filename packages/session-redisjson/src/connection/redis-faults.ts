import type { SessionErrorCode } from '@agent-sessions/session-core';

/** What an error of Redis or of its client means, and what to do. */
export interface RedisFault {
  /** Of the error's message, class or code. */
  readonly pattern: RegExp;
  readonly code: SessionErrorCode;
  readonly advice: string;
  readonly retryable?: boolean;
  /** It ends by itself, so a call waits for it as long as its deadline allows. */
  readonly passes?: boolean;
}

const refused = { code: 'unavailable', retryable: true } as const;
const passing = { ...refused, passes: true } as const;

/**
 * How the server refuses, by its message. What is refused in one of these ways has not been done.
 * The first that matches holds; those come first whose message quotes what was sent.
 */
export const replies: readonly RedisFault[] = [
  {
    pattern: /unknown command .?EVAL/i,
    code: 'missing_capability',
    advice:
      'This server runs no scripts: it has no EVAL or EVALSHA, by which every change is made. Use Redis, or a service that offers them under their names.',
  },
  {
    pattern: /unknown command .?(SCAN|WAIT|WAITAOF|CLUSTER)\b/i,
    code: 'missing_capability',
    advice:
      'This server lacks a command that this call needs: see the cause. Listing needs SCAN; `confirm` needs WAIT or, from Redis 7.2, WAITAOF.',
  },
  {
    pattern: /unknown (redis )?command/i,
    code: 'missing_capability',
    advice:
      'This server has no JSON commands, or not all of them: see the cause. Use Redis 8, Redis Stack, or a Redis with the RedisJSON module.',
  },
  {
    pattern: /WRONGTYPE|wrong Redis type/,
    code: 'not_a_session',
    advice:
      'The key of this session holds something that is not a JSON document; it was left as it is. Use another key prefix or session id.',
  },
  {
    pattern: /NOPERM|no permissions|can't run this command/,
    code: 'permission_denied',
    advice:
      'This Redis user may not do it. Grant JSON.*, EVALSHA, EVAL, PEXPIRE, UNLINK and SCAN on the session keys.',
  },
  {
    // Who is not logged in may not even send long commands.
    pattern: /NOAUTH|WRONGPASS|unauthenticated|invalid username-password/,
    code: 'permission_denied',
    advice: 'Redis refused the credentials. Correct the user and password in the URL.',
  },
  {
    pattern: /\bOOM\b/,
    ...refused,
    advice:
      'Redis is out of memory and refused the change. Raise maxmemory or delete data, then repeat the call.',
  },
  {
    pattern: /max number of clients/,
    ...passing,
    advice:
      'Redis has as many connections as it allows. Raise maxclients or share clients between stores, then repeat the call.',
  },
  {
    pattern: /SUBSCRIBE.* allowed in this context/,
    ...refused,
    advice:
      'This client is subscribed to channels, and can do nothing else meanwhile. Give the store a client of its own, such as client.duplicate().',
  },
  {
    pattern: /^BUSY\b|\bLOADING\b|MASTERDOWN|TRYAGAIN|CLUSTERDOWN/,
    ...passing,
    advice: 'Redis is busy with a script, still loading, or finding itself. Repeat the call later.',
  },
  {
    pattern: /READONLY|read only replica/,
    ...refused,
    advice:
      'The server has become a replica and refuses changes. Repeat the call; with a client of your own, connect it to the primary.',
  },
  {
    pattern: /NOREPLICAS|MISCONF|EXECABORT/,
    ...refused,
    advice: 'Redis refuses changes at the moment. Repeat the call later.',
  },
  {
    pattern: /^(MOVED|ASK) |Too many Cluster redirections|^Cannot find node /,
    ...passing,
    advice:
      'The slots of the cluster are moving, and the client was sent from node to node. Repeat the call.',
  },
  {
    pattern: /^The queue is full$/,
    ...passing,
    advice:
      'The client has as many commands waiting as it may: nothing was sent. Raise its commandsQueueMaxLength or do less at once, then repeat the call.',
  },
];

/** What a client answers who sends to one node of a cluster as if it were all. */
export const nodeOfCluster: RedisFault = {
  pattern: /^(MOVED|ASK) /,
  code: 'unavailable',
  advice:
    'This server is a node of a cluster, and another node has the session. Pass a cluster client: new RedisJsonSessionStore(createCluster({ rootNodes })).',
};

/** The connection was lost, or there is none. */
export const lost: RedisFault = {
  pattern:
    /^(SocketClosedUnexpectedlyError|SocketTimeoutError|SocketTimeoutDuringMaintenanceError|ClientOfflineError|DisconnectsClientError|RootNodesUnavailableError|ReconnectStrategyError|ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|ENOTFOUND|ENOENT|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET_CLOSED|ERR_STREAM_DESTROYED|NR_CLOSED|UNCERTAIN_STATE)$|^(Socket closed unexpectedly|Socket timeout|The client is offline|Disconnects client|All the root nodes are unavailable)|Protocol error: (?!unauth)|^(Couldn't connect to any sentinel|couldn't connect to any sentinel|None of the sentinels|no valid master|Master Node Not|no replicas available)/,
  ...passing,
  code: 'connection_failed',
  advice:
    'The connection to Redis failed. Check that the server runs and that the URL is right, then repeat the call.',
};

/**
 * A connection that cannot be made or was lost. By code where Node made the error; else by message as
 * well as by class, for who makes bundles may rename classes.
 */
export const connectionFaults: readonly RedisFault[] = [
  {
    pattern:
      /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_|CRL_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|ERR_TLS_|ERR_SSL_|EPROTO)/,
    code: 'connection_failed',
    advice:
      'The TLS connection to Redis was refused here: its certificate is not trusted or is not for this host, or the server speaks no TLS; see the cause. Name the authority in NODE_EXTRA_CA_CERTS, pass a client with the socket options that it needs, or correct the URL.',
  },
  {
    pattern:
      /^(TimeoutError|CommandTimeoutDuringMaintenanceError)$|^(Timeout waiting for a client|Command timeout)/,
    ...passing,
    code: 'timeout',
    advice:
      'The Redis client gave the command up while it waited to be sent. Repeat the call; raise the timeout of the client or the size of its pool if it happens often.',
  },
  {
    pattern: /^ConnectionTimeoutError$|^Connection timeout/,
    ...passing,
    code: 'timeout',
    advice:
      'The connection to Redis could not be made in time. Check that the server answers and that the URL is right, then repeat the call.',
  },
  lost,
];

/** Those after which nothing can have been sent, whatever a client says. */
export const neverConnected =
  /^(ConnectionTimeoutError|ClientOfflineError|RootNodesUnavailableError|ECONNREFUSED|ENOTFOUND|ENOENT|EAI_AGAIN)$|^(Connection timeout|The client is offline|All the root nodes are unavailable|The queue is full|Couldn't connect to any sentinel|couldn't connect to any sentinel|None of the sentinels|no valid master|Master Node Not)/;

/** Those with which a server ends a connection, as it does where a command or its answer is too large. */
export const endings =
  /^(SocketClosedUnexpectedlyError|ECONNRESET|EPIPE)$|^Socket closed unexpectedly|Protocol error: (?!unauth)/;
