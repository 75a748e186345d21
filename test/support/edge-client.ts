import { request as nodeRequest } from 'node:http';

export const ID = '0190c5a0-0000-7000-8000-000000000001';

/** What the contract wants on every answer. */
export const SECURITY = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-xss-protection': '0',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

export interface Answer {
  status: number;
  headers: Record<string, string>;
  text: string;
  body: Record<string, unknown> & { errors?: { pointer: string; code: string; detail: string }[] };
}

/** The faults of a 422, each as `pointer code`. */
export const pointers = (answer: Answer) =>
  answer.body.errors?.map(({ pointer, code }) => `${pointer} ${code}`);

/** Ways to call the application at an address that is known when the first call is made. */
export function clientOf(address: () => string) {
  async function call(path: string, init: RequestInit = {}, url = address()): Promise<Answer> {
    const response = await fetch(url + path, init);
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      text,
      body: (isJson && text ? JSON.parse(text) : {}) as Answer['body'],
    };
  }

  const send = (
    method: string,
    path: string,
    body: string | object,
    type = 'application/json',
    url?: string,
  ) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return call(path, { method, headers: { 'Content-Type': type }, body: text }, url);
  };
  const post = (body: string | object, type?: string) => send('POST', '/v1/things', body, type);

  /** Requests that `fetch` does not make: other methods, paths as they are. */
  function plain(method: string, path: string, headers: Record<string, string> = {}): Promise<Answer> {
    const { hostname, port } = new URL(address());
    return new Promise((resolve, reject) => {
      const request = nodeRequest({ hostname, port, method, path, headers, agent: false }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers as Record<string, string>,
            text,
            body: text.startsWith('{') ? (JSON.parse(text) as Answer['body']) : {},
          }),
        );
      });
      request.on('error', reject);
      request.end();
    });
  }

  return { call, send, post, plain };
}
