import { randomBytes } from 'node:crypto';

import { isSessionError, type SessionStore, statusOf } from '@agent-sessions/session-core';

import { answerMessages, answerSession, answerSessions } from './answers.ts';
import { followHistory } from './follow-history.ts';
import { pageHtml } from './page.html.ts';

/** Whose sessions somebody may look at. */
export interface BoardAccess {
  /** Only the sessions of this user. @defaultValue those of all users */
  readonly userId?: string | undefined;
}

/** @see {@link sessionBoard} */
export interface SessionBoardOptions {
  /** Says what who sent a request may look at; `undefined` for nothing. */
  readonly authorize: (
    request: Request,
  ) => BoardAccess | undefined | Promise<BoardAccess | undefined>;
  /** Milliseconds between two looks at a history that is followed. @defaultValue 1000 */
  readonly intervalMs?: number | undefined;
}

/**
 * A page to look at sessions, and what it asks for, as a handler of requests: to be mounted in an
 * application behind its own login, at any path that ends with a slash. It only reads.
 *
 * The page itself says nothing of any session and is given to everybody; what it asks for then is
 * given to whom `authorize` says. Nothing is taken from elsewhere, and nothing of a transcript is
 * taken for HTML: the content security policy allows the page's own script and style, nothing else.
 */
export function sessionBoard(
  store: SessionStore,
  { authorize, intervalMs = 1000 }: SessionBoardOptions,
): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== 'GET') return refuse(405, 'Only GET: nothing can be changed here.');
    const url = new URL(request.url);
    const name = url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
    if (name === '') return page();
    const access = await authorize(request);
    if (access === undefined) return refuse(401, 'Not allowed to look at this.');
    const asked = { store, access, query: url.searchParams, signal: request.signal };
    try {
      switch (name) {
        case 'sessions':
          return answer(await answerSessions(asked));
        case 'session':
          return answer(await answerSession(asked));
        case 'messages':
          return answer(await answerMessages(asked));
        case 'follow':
          return new Response(await followHistory(asked, intervalMs), {
            headers: { ...plainHeaders, 'content-type': 'text/event-stream' },
          });
        default:
          return refuse(404, 'There is nothing here.');
      }
    } catch (error) {
      return refuse(statusOf(error), explain(error));
    }
  };
}

const plainHeaders = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

function page(): Response {
  const nonce = randomBytes(16).toString('base64');
  return new Response(pageHtml.replaceAll('{{nonce}}', nonce), {
    headers: {
      ...plainHeaders,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      'cross-origin-opener-policy': 'same-origin',
    },
  });
}

function answer(text: string): Response {
  return new Response(text, { headers: { ...plainHeaders, 'content-type': 'application/json' } });
}

function refuse(status: number, reason: string): Response {
  const headers = { ...plainHeaders, 'content-type': 'application/json' };
  return new Response(JSON.stringify({ reason }), { status, headers });
}

/** Errors of sessions carry nothing of what is said; others may carry anything. */
function explain(error: unknown): string {
  const isTold = isSessionError(error) || statusOf(error) === 400;
  return isTold && error instanceof Error ? error.message : 'It failed; see the server.';
}
