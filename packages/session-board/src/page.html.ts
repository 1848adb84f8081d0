// Written by `npm run generate` from page.html: change that.

export const pageHtml = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Sessions</title>
    <style nonce="{{nonce}}">
      :root {
        --ground: #f6f6f3;
        --paper: #ffffff;
        --ink: #1d1f23;
        --faint: #62666f;
        --line: #dddcd6;
        --accent: #9a3324;
        --user: #e8eef7;
        --tool: #f1efe6;
        --warn: #8a4b00;
        font:
          16px/1.5 system-ui,
          sans-serif;
        color: var(--ink);
        background: var(--ground);
      }
      @media (prefers-color-scheme: dark) {
        :root {
          --ground: #16181c;
          --paper: #1f2228;
          --ink: #e8e6e1;
          --faint: #a0a4ae;
          --line: #353942;
          --accent: #f0917f;
          --user: #26344a;
          --tool: #2a2b26;
          --warn: #f0b46a;
        }
      }
      * {
        box-sizing: border-box;
      }
      body {
        margin: 0;
        display: grid;
        grid-template-columns: minmax(15rem, 22rem) 1fr;
        height: 100dvh;
      }
      nav {
        border-right: 1px solid var(--line);
        display: flex;
        flex-direction: column;
        min-height: 0;
        background: var(--paper);
      }
      nav form {
        display: flex;
        gap: 0.5rem;
        padding: 0.75rem;
        border-bottom: 1px solid var(--line);
      }
      nav ol {
        list-style: none;
        margin: 0;
        padding: 0;
        overflow-y: auto;
        flex: 1;
      }
      label {
        display: contents;
      }
      input {
        flex: 1;
        min-width: 0;
        font: inherit;
        color: inherit;
        background: var(--ground);
        border: 1px solid var(--line);
        border-radius: 0.4rem;
        padding: 0.4rem 0.6rem;
      }
      button {
        font: inherit;
        color: inherit;
        background: none;
        border: 1px solid var(--line);
        border-radius: 0.4rem;
        padding: 0.4rem 0.75rem;
        cursor: pointer;
      }
      button:hover {
        border-color: var(--accent);
      }
      :focus-visible {
        outline: 2px solid var(--accent);
        outline-offset: 1px;
      }
      .entry {
        display: block;
        width: 100%;
        text-align: left;
        border: 0;
        border-bottom: 1px solid var(--line);
        border-radius: 0;
        padding: 0.65rem 0.9rem;
      }
      .entry[aria-current='true'] {
        background: var(--ground);
        box-shadow: inset 3px 0 var(--accent);
      }
      .entry span {
        display: block;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .faint {
        color: var(--faint);
        font-size: 0.85rem;
      }
      .more {
        margin: 0.75rem auto;
        display: block;
      }
      main {
        display: flex;
        flex-direction: column;
        min-height: 0;
        min-width: 0;
      }
      header {
        padding: 0.75rem 1.25rem;
        border-bottom: 1px solid var(--line);
        background: var(--paper);
      }
      h1 {
        font-size: 1.1rem;
        margin: 0;
        overflow-wrap: anywhere;
      }
      header dl {
        display: flex;
        flex-wrap: wrap;
        gap: 0.1rem 1.25rem;
        margin: 0.35rem 0 0;
      }
      header dl div {
        display: flex;
        gap: 0.35rem;
      }
      dt {
        color: var(--faint);
      }
      dd {
        margin: 0;
        overflow-wrap: anywhere;
      }
      #transcript {
        flex: 1;
        overflow-y: auto;
        padding: 1rem 1.25rem 3rem;
      }
      #transcript > ol {
        list-style: none;
        margin: 0 auto;
        padding: 0;
        max-width: 52rem;
      }
      article {
        margin: 0 0 0.8rem;
        padding: 0.6rem 0.9rem;
        border: 1px solid var(--line);
        border-radius: 0.6rem;
        background: var(--paper);
      }
      article.user {
        background: var(--user);
        margin-left: 12%;
      }
      article.tool,
      article.call {
        background: var(--tool);
        margin-right: 12%;
      }
      article.damaged {
        color: var(--warn);
        border-style: dashed;
      }
      article h2 {
        font-size: 0.85rem;
        font-weight: 600;
        margin: 0 0 0.2rem;
        color: var(--faint);
        display: flex;
        gap: 0.75rem;
      }
      article h2 time {
        margin-left: auto;
        font-weight: 400;
      }
      .text,
      pre {
        margin: 0;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      pre {
        font:
          0.85rem/1.45 ui-monospace,
          monospace;
        max-height: 24rem;
        overflow: auto;
      }
      summary {
        cursor: pointer;
      }
      #note {
        padding: 0.5rem 1.25rem;
        color: var(--warn);
        min-height: 0;
      }
      #note:empty {
        display: none;
      }
      .back {
        display: none;
        margin-bottom: 0.5rem;
      }
      .empty {
        color: var(--faint);
        margin: 3rem auto;
        text-align: center;
      }
      @media (max-width: 45rem) {
        body {
          display: block;
          height: auto;
        }
        nav {
          min-height: 100dvh;
          border-right: 0;
        }
        body.open nav {
          display: none;
        }
        body:not(.open) main {
          display: none;
        }
        main {
          height: 100dvh;
        }
        .back {
          display: inline-block;
        }
        #transcript,
        header {
          padding-left: 0.75rem;
          padding-right: 0.75rem;
        }
        article.user {
          margin-left: 4%;
        }
        article.tool,
        article.call {
          margin-right: 4%;
        }
      }
      @media (prefers-reduced-motion: no-preference) {
        article.new {
          animation: appear 0.4s;
        }
        @keyframes appear {
          from {
            opacity: 0;
          }
        }
      }
    </style>
  </head>
  <body>
    <nav aria-label="Sessions">
      <form id="search">
        <label>
          <span hidden>User</span>
          <input
            id="user"
            aria-label="Sessions of the user"
            placeholder="Sessions of the user …"
            autocomplete="off"
          />
        </label>
        <button>Show</button>
      </form>
      <ol id="sessions"></ol>
      <button class="more" id="more" hidden>More sessions</button>
    </nav>
    <main>
      <header>
        <button class="back" id="back">← Sessions</button>
        <h1 id="title">Sessions</h1>
        <dl id="facts"></dl>
      </header>
      <div id="note" role="status"></div>
      <div id="transcript" tabindex="0" aria-label="Transcript">
        <button class="more" id="older" hidden>Older messages</button>
        <ol id="messages"></ol>
        <p class="empty" id="empty">Choose a session, or name a user.</p>
      </div>
    </main>
    <script nonce="{{nonce}}" type="module">
      const byId = (id) => document.getElementById(id);
      // The token stays in this tab, and out of what is copied from its address bar.
      const given = new URLSearchParams(location.hash.slice(1)).get('token');
      if (given !== null) sessionStorage.setItem('token', given);
      history.replaceState(null, '', location.pathname + location.search);
      const token = sessionStorage.getItem('token');
      const headers = token === null ? {} : { authorization: \`Bearer \${token}\` };
      const base = new URL('.', location.href);
      const shown = {
        user: undefined,
        next: null,
        id: undefined,
        mark: undefined,
        first: null,
        following: undefined,
      };

      async function ask(name, query, signal) {
        const url = new URL(name, base);
        for (const [key, value] of Object.entries(query))
          if (value != null) url.searchParams.set(key, value);
        const response = await fetch(url, { headers, signal });
        if (!response.ok) throw new Error((await response.json()).reason);
        return response;
      }

      /** Whatever it is, it is shown as text. */
      function element(name, text, ...classes) {
        const made = document.createElement(name);
        if (text !== undefined) made.textContent = text;
        made.classList.add(...classes);
        return made;
      }

      function note(text) {
        byId('note').textContent = text;
      }

      const timeText = (ms) => new Date(ms).toLocaleString();

      async function listSessions(after) {
        const page = await (await ask('sessions', { user: byId('user').value, after })).json();
        const list = byId('sessions');
        if (after === undefined) list.replaceChildren();
        for (const session of page.sessions) {
          const button = element('button', undefined, 'entry');
          const title =
            typeof session.state.title === 'string' ? session.state.title : session.sessionId;
          button.append(element('span', title));
          button.append(
            element(
              'span',
              \`\${timeText(session.updatedAtMs)} · \${session.messageCount} messages\`,
              'faint',
            ),
          );
          button.dataset.id = session.sessionId;
          button.addEventListener('click', () => attempt(() => open(session.sessionId)));
          const item = element('li');
          item.append(button);
          list.append(item);
        }
        if (page.sessions.length === 0 && after === undefined)
          list.append(element('li', 'No sessions.', 'empty'));
        shown.next = page.next;
        byId('more').hidden = page.next === null;
        markCurrent();
      }

      function markCurrent() {
        for (const button of document.querySelectorAll('.entry')) {
          button.setAttribute('aria-current', String(button.dataset.id === shown.id));
        }
      }

      async function open(id) {
        shown.following?.abort();
        const following = (shown.following = new AbortController());
        shown.id = id;
        document.body.classList.add('open');
        markCurrent();
        byId('messages').replaceChildren();
        byId('empty').hidden = true;
        note('');
        await showFacts(id);
        await showLast(id);
        if (shown.following === following) void follow(id, following);
      }

      async function showLast(id) {
        const read = await (await ask('messages', { id })).json();
        if (shown.id !== id) return;
        byId('messages').replaceChildren(...rows(read));
        shown.first = read.first;
        shown.mark = read.mark;
        byId('older').hidden = !(read.first > 0);
        byId('empty').hidden = byId('messages').childElementCount > 0;
        byId('empty').textContent = 'No messages.';
        byId('transcript').scrollTop = byId('transcript').scrollHeight;
      }

      async function showFacts(id) {
        const { metadata, state } = await (await ask('session', { id })).json();
        const title = state.find(({ name }) => name === 'title');
        byId('title').textContent = typeof title?.value === 'string' ? title.value : id;
        const { usage } = metadata;
        const facts = {
          session: id,
          user: metadata.userId ?? 'nobody',
          messages: metadata.messageCount,
          written: timeText(metadata.updatedAtMs),
          agent: metadata.currentAgent,
          tokens:
            usage.totalTokens > 0
              ? \`\${usage.totalTokens} in \${usage.requests} requests\`
              : undefined,
          ends:
            metadata.ttlMs === null ? undefined : timeText(metadata.updatedAtMs + metadata.ttlMs),
        };
        for (const { name, value } of state) {
          if (name !== 'title')
            facts[name] = typeof value === 'string' ? value : JSON.stringify(value);
        }
        const list = byId('facts');
        list.replaceChildren();
        for (const [name, value] of Object.entries(facts)) {
          if (value == null) continue;
          const pair = element('div');
          pair.append(
            element('dt', name, 'faint'),
            element('dd', String(value).slice(0, 300), 'faint'),
          );
          list.append(pair);
        }
      }

      /** The rows of what was read, with those that cannot be read at their places. */
      function rows({ messages, skipped }) {
        const all = [
          ...messages.map(({ index, message }) => ({ index, row: messageRow(message, index) })),
          ...skipped.map((index) => ({ index, row: damagedRow(index) })),
        ];
        return all.sort((one, other) => one.index - other.index).map(({ row }) => row);
      }

      function damagedRow(index) {
        const item = element('li');
        item.append(
          element('article', \`Message \${index} cannot be read. It was left as it is.\`, 'damaged'),
        );
        return item;
      }

      function messageRow(message, index) {
        const { role, agent, timestampMs, content, item, tokens } = message;
        const isCall = /_call$/.test(item?.type ?? '');
        const kind = isCall ? 'call' : role === 'user' || role === 'tool' ? role : 'assistant';
        const article = element('article', undefined, kind);
        const heading = element('h2');
        heading.append(element('span', agent ?? (isCall ? 'call' : role)));
        if (tokens != null) heading.append(element('span', \`\${tokens} tokens\`));
        const time = element('time', timeText(timestampMs));
        time.dateTime = new Date(timestampMs).toISOString();
        time.title = \`message \${index}\`;
        heading.append(time);
        article.append(heading);
        const isFolded = isCall || role === 'tool' || item?.type === 'reasoning';
        if (isFolded) article.append(folded(item ?? { content }));
        else article.append(element('p', textOf(content), 'text'));
        const row = element('li');
        row.append(article);
        return row;
      }

      function folded(item) {
        const details = element('details');
        const name = [item.type, item.name].filter(Boolean).join(' ');
        details.append(element('summary', name || 'result'));
        details.append(element('pre', JSON.stringify(item, undefined, 2)));
        return details;
      }

      function textOf(content) {
        if (typeof content === 'string') return content;
        if (!Array.isArray(content)) return JSON.stringify(content, undefined, 2);
        return content
          .map((part) => (typeof part?.text === 'string' ? part.text : JSON.stringify(part)))
          .join('\\n');
      }

      /** Server-sent events by fetch, which can carry the token in a header. */
      async function follow(id, following) {
        while (!following.signal.aborted) {
          try {
            const since = shown.mark ? JSON.stringify(shown.mark) : undefined;
            const response = await ask('follow', { id, since }, following.signal);
            const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
            let text = '';
            for (;;) {
              const { value, done } = await reader.read();
              if (done) break;
              text += value;
              const events = text.split('\\n\\n');
              text = events.pop();
              for (const event of events) {
                if (!following.signal.aborted)
                  await take(JSON.parse(event.slice('data: '.length)), id);
              }
            }
            note('');
          } catch (error) {
            if (following.signal.aborted) return;
            note(\`Not live: \${error.message}\`);
          }
          await new Promise((resolve) => setTimeout(resolve, 2000));
        }
      }

      async function take(read, id) {
        if (!read.continues) {
          shown.mark = read.mark;
          if (read.mark === null) note('The session is gone.');
          else await showLast(id);
          return;
        }
        const transcript = byId('transcript');
        const isAtEnd =
          transcript.scrollHeight - transcript.scrollTop - transcript.clientHeight < 80;
        shown.mark = read.mark;
        const added = rows(read);
        for (const row of added) row.firstChild.classList.add('new');
        byId('messages').append(...added);
        byId('empty').hidden = byId('messages').childElementCount > 0;
        if (isAtEnd) transcript.scrollTop = transcript.scrollHeight;
        void attempt(() => showFacts(id));
      }

      async function showOlder() {
        const read = await (await ask('messages', { id: shown.id, before: shown.first })).json();
        const transcript = byId('transcript');
        const below = transcript.scrollHeight - transcript.scrollTop;
        byId('messages').prepend(...rows(read));
        transcript.scrollTop = transcript.scrollHeight - below;
        shown.first = read.first;
        byId('older').hidden = !(read.first > 0);
      }

      async function attempt(work) {
        try {
          await work();
        } catch (error) {
          note(error.message);
        }
      }

      byId('search').addEventListener('submit', (event) => {
        event.preventDefault();
        void attempt(() => listSessions());
      });
      byId('more').addEventListener('click', () => attempt(() => listSessions(shown.next)));
      byId('older').addEventListener('click', () => attempt(showOlder));
      byId('back').addEventListener('click', () => {
        document.body.classList.remove('open');
        byId('user').focus();
      });
      const user = new URLSearchParams(location.search).get('user');
      if (user !== null) {
        byId('user').value = user;
        void attempt(() => listSessions());
      }
    </script>
  </body>
</html>
`;
