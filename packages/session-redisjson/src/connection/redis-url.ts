import { wrongType } from '@agent-sessions/session-core';

/** Where a Redis is, and as whom to connect: options of `createClient`, alike in node-redis 4, 5 and 6. */
export interface RedisAddress {
  readonly socket:
    | { readonly host: string; readonly port: number; readonly tls: boolean }
    | { readonly path: string };
  readonly username?: string;
  readonly password?: string;
  readonly database?: number;
}

const form =
  /^(?:(?<scheme>rediss?):\/\/(?:(?<user>[^@/?#]*)@)?(?<host>\[[0-9a-f:.]+\]|[^@:/?#[\]]*)(?::(?<port>\d{1,5}))?(?:\/(?<path>[^/?#]*))?|unix:(?:\/\/(?:(?<unixUser>[^@/?#]*)@)?)?(?<file>\/(?!\/)[^?#]+))(?:\?(?<query>[^#]*))?$/i;

/**
 * Reads a URL as redis-py does, and as the versions of node-redis do not all: the database also as
 * `?db=`, IPv6 in brackets, and `unix:`.
 *
 * @throws TypeError `invalid_argument` where it is not understood; the URL, which may hold a password,
 * is not in it
 */
export function parseRedisUrl(url: string): RedisAddress {
  const parts = typeof url === 'string' ? form.exec(url)?.groups : undefined;
  if (!parts) {
    throw invalid(
      'must be redis[s]://[[user]:password@]host[:port][/database][?db=database] or unix:///path[?db=database], with %2F for a slash in the password, and so on for @ : / ? # and %.',
    );
  }
  const { scheme = '', user, host, port, path = '', unixUser, file, query = '' } = parts;
  const asked = parseQuery(query);
  const database = parseDatabase(asked.get('db') ?? path);
  return {
    socket:
      file === undefined
        ? {
            host: decoded(host?.replace(/^\[(.*)\]$/, '$1') || 'localhost'),
            port: parsePort(port),
            tls: scheme.toLowerCase() === 'rediss',
          }
        : { path: decoded(file) },
    ...parseUser(user ?? unixUser),
    ...(database === undefined ? {} : { database }),
  };
}

function parseUser(user: string | undefined): Pick<RedisAddress, 'username' | 'password'> {
  if (user === undefined) return {};
  const [, name = '', password] = /^([^:]*)(?::(.*))?$/.exec(user) ?? [];
  return {
    ...(name === '' ? {} : { username: decoded(name) }),
    ...(password === undefined || password === '' ? {} : { password: decoded(password) }),
  };
}

function parsePort(port = '6379'): number {
  const number = Number(port);
  if (number >= 1 && number <= 65_535) return number;
  throw invalid('has a port that is none: use 1 to 65535.');
}

function parseDatabase(database: string): number | undefined {
  if (database === '') return undefined;
  if (/^\d{1,5}$/.test(database)) return Number(database);
  throw invalid('names a database that is no number: use /2 or ?db=2.');
}

/** What is not understood may be what somebody relies on, so it is not passed over. */
function parseQuery(query: string): URLSearchParams {
  const asked = new URLSearchParams(query);
  const names = [...asked.keys()];
  if (names.every((name) => name === 'db') && names.length <= 1) return asked;
  throw invalid(
    'asks for something in its query that is not understood: only ?db= is. For other options, pass a client.',
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('has a % that is not followed by two hexadecimal digits: write %25 for it.');
  }
}

function invalid(advice: string): TypeError {
  return wrongType('url', advice);
}
