import { sessionBoard } from '@agent-sessions/session-board';
import { Conversation } from '@agent-sessions/session-core';
import { MemorySessionStore } from '@agent-sessions/session-memory';
import { describe, expect, test } from '@jest/globals';

/** A board that shows the sessions of whom the request says it is of. */
async function newBoard(count = 3) {
  const store = new MemorySessionStore();
  const conversation = new Conversation({ store, sessionId: 'chat', userId: 'ada' });
  const append = Array.from({ length: count }, (_, at) => said(`message ${at}`));
  await conversation.commit({ append, state: { title: 'Order' }, usage: { requests: 2 } });
  await new Conversation({ store, sessionId: 'of bob', userId: 'bob' }).create();
  const board = sessionBoard(store, {
    authorize(request) {
      const user = request.headers.get('authorization');
      if (user === null) return undefined;
      return user === 'admin' ? {} : { userId: user };
    },
    intervalMs: 1,
  });
  const get = (path: string, user?: string, signal?: AbortSignal) =>
    board(
      new Request(`http://localhost/board/${path}`, {
        headers: user === undefined ? {} : { authorization: user },
        ...(signal && { signal }),
      }),
    );
  return { store, conversation, board, get };
}

function said(content: string) {
  return { role: 'user' as const, content };
}

describe('sessionBoard', () => {
  test('gives everybody the page, which says nothing, and may do nothing but what it has to', async () => {
    const { get } = await newBoard();
    const page = await get('');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = page.headers.get('content-security-policy') ?? '';
    const nonce = /script-src 'nonce-(?<nonce>[^']+)'/.exec(policy)?.groups?.['nonce'] ?? '';
    expect(policy).toMatch(/^default-src 'none';/);
    const html = await page.text();
    expect(html.split(`nonce="${nonce}"`)).toHaveLength(3);
    expect(html).not.toContain('{{');
    expect(html).not.toContain('innerHTML');
    expect(html).not.toMatch(/https?:\/\//);
    expect((await get('')).headers.get('content-security-policy')).not.toBe(policy);
  });

  test.each(['sessions?user=ada', 'session?id=chat', 'messages?id=chat', 'follow?id=chat'])(
    'who is not authorized gets nothing of %s, nor does another user',
    async (path) => {
      const { get } = await newBoard();
      const refused = await get(path);
      expect(refused.status).toBe(401);
      const ofAnother = await get(path, 'bob', AbortSignal.timeout(50));
      expect(await ofAnother.text()).not.toMatch(/message \d|Order|"chat"/);
    },
  );

  test('only reads', async () => {
    const { board } = await newBoard();
    for (const method of ['POST', 'DELETE', 'PUT']) {
      const response = await board(new Request('http://localhost/sessions', { method }));
      expect(response.status).toBe(405);
    }
  });

  test('lists the sessions of a user with their titles, and tells what is known of one', async () => {
    const { get, conversation } = await newBoard();
    await conversation.setState({ run: { text: 'all that was said' } });
    const page: unknown = await (await get('sessions?user=ada', 'admin')).json();
    expect(page).toMatchObject({
      userId: 'ada',
      next: null,
      sessions: [{ sessionId: 'chat', messageCount: 3, state: { title: 'Order' } }],
    });
    const session = await (await get('session?id=chat', 'ada')).text();
    expect(JSON.parse(session)).toMatchObject({ metadata: { usage: { requests: 2 } } });
    expect(session).not.toContain('all that was said');
  });

  test('reads the last messages, and those before them, with their places', async () => {
    const { get } = await newBoard(120);
    const last: unknown = await (await get('messages?id=chat', 'ada')).json();
    expect(last).toMatchObject({ first: 70, skipped: [] });
    const before: unknown = await (await get('messages?id=chat&before=70', 'ada')).json();
    expect(before).toMatchObject({ first: 20 });
    const text = JSON.stringify(before);
    expect(text).toContain('{"index":69,"message":');
    expect(text).not.toContain('"index":70');
  });

  test('follows a history from a mark on, and ends with the request', async () => {
    const { get, conversation } = await newBoard();
    const { mark } = await conversation.read();
    const abort = new AbortController();
    const since = encodeURIComponent(JSON.stringify(mark));
    const response = await get(`follow?id=chat&since=${since}`, 'ada', abort.signal);
    const stream: ReadableStream<Uint8Array> | null = response.body;
    if (!stream) throw new Error('There is no stream.');
    const reader = stream.getReader();
    const next = async () => new TextDecoder().decode((await reader.read()).value);
    await conversation.append([said('new\n\nline')]);
    expect(await next()).toMatch(/^data: \{.*"continues":true.*new\\n\\nline.*\}\n\n$/);
    await conversation.clear();
    expect(await next()).toMatch(/^data: \{.*"continues":false.*"messages":\[\].*\}\n\n$/);
    abort.abort();
    expect((await reader.read()).done).toBe(true);
  });

  test.each([
    ['messages?id=chat&before=x', 400],
    ['messages?id=', 400],
    ['session?id=none', 404],
    ['follow?id=chat&since=x', 400],
    ['sessions?user=ada&after=x', 400],
    ['nothing', 404],
  ])('%s is refused with %d, and with the reason', async (path, status) => {
    const { get } = await newBoard();
    const response = await get(path, 'admin');
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ reason: expect.any(String) });
  });
});
