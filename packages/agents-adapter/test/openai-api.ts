import { once } from 'node:events';
import { createServer } from 'node:http';

/** What the API is asked to compact. */
export interface CompactRequest {
  readonly model: string;
  readonly input?: unknown[];
  readonly previous_response_id?: string;
}

/** As much of the OpenAI API as compaction needs, for the real client of it. */
export interface OpenAiApi {
  readonly url: string;
  /** The requests so far. */
  readonly requests: readonly CompactRequest[];
  /** Says what comes of a history; a number is an HTTP status. */
  compact: (request: CompactRequest) => Promise<object[] | number> | object[] | number;
  close(): Promise<void>;
}

export async function startOpenAiApi(): Promise<OpenAiApi> {
  const requests: CompactRequest[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    const answer = async () => {
      const asked = parseRequest(body);
      requests.push(asked);
      const output = await api.compact(asked);
      const usage = { input_tokens: 100, output_tokens: 10, total_tokens: 110 };
      const isError = typeof output === 'number';
      response.writeHead(isError ? output : 200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify(
          isError
            ? { error: { message: 'refused' } }
            : { id: 'resp_c', object: 'response.compaction', created_at: 0, output, usage },
        ),
      );
    };
    request.on('end', () => {
      answer().catch((error: Error) => response.destroy(error));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('No port.');

  const api: OpenAiApi = {
    url: `http://127.0.0.1:${address.port}/v1`,
    requests,
    compact: () => [],
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return api;
}

function parseRequest(body: string): CompactRequest {
  const request: unknown = JSON.parse(body);
  if (isCompactRequest(request)) return request;
  throw new TypeError('The request names no model.');
}

function isCompactRequest(value: unknown): value is CompactRequest {
  return typeof value === 'object' && value !== null && 'model' in value;
}
