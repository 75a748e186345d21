/** One answer, read to its end. */
export interface Answer {
  status: number;
  headers: Headers;
  bytes: Buffer;
  text: string;
  /** The parsed JSON; undefined when the body is none. */
  body: unknown;
}

export interface RequestOptions {
  token?: string | undefined;
  headers?: Record<string, string>;
  /** Sent as it is when it is text, bytes or a form; else as JSON. */
  body?: unknown;
}

/** The address of the server that all test files share. */
export function serverUrl(): string {
  const url = process.env.RINGFENCE_TEST_URL;
  if (url === undefined)
    throw new Error('the shared server is not running: see test/support/global-setup.ts');
  return url;
}

/** Directs all further requests of this test file to a server of its own. */
export function talkTo({ url }: { url: string }): void {
  process.env.RINGFENCE_TEST_URL = url;
}

/** One request to the shared server, or to an absolute URL. */
export async function send(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
  const { token, body } = options;
  const isRaw =
    typeof body === 'string' || [FormData, URLSearchParams, Uint8Array].some((kind) => body instanceof kind);
  const headers: Record<string, string> = { ...options.headers };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const namesItsType = body instanceof FormData || body instanceof URLSearchParams;
  if (body !== undefined && !namesItsType) headers['content-type'] ??= 'application/json';
  const response = await fetch(new URL(path, serverUrl()), {
    method,
    headers,
    redirect: 'manual',
    ...(body !== undefined && {
      body: isRaw
        ? (body as string | FormData | URLSearchParams | Uint8Array<ArrayBuffer>)
        : JSON.stringify(body),
    }),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString();
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    text,
    body: isJson && text !== '' ? (JSON.parse(text) as unknown) : undefined,
  };
}

/** Who a client is, as `GET /v1/me` says. */
export interface Me {
  id: string;
  kind: string;
  email?: string;
  tenant: { id: string; slug: string } | null;
  vendorId?: string | null;
  roles: string[];
  permissions: string[];
}

type Extra = Record<string, string>;
interface Identity {
  tenant?: string;
  email: string;
  password: string;
}

/** Calls as one signed-in caller. */
export class Client {
  private constructor(
    readonly token: string,
    readonly refreshToken: string,
    readonly me: Me,
  ) {}

  /** Signs in; without a tenant as an operator. Throws when that is refused. */
  static async signIn({ tenant, email, password }: Identity): Promise<Client> {
    const login = await send('POST', '/v1/auth/login', { body: { tenant, email, password } });
    if (login.status !== 200) throw new Error(`sign-in answered ${login.status}: ${login.text}`);
    const { accessToken, refreshToken } = login.body as { accessToken: string; refreshToken: string };
    return Client.with(accessToken, refreshToken);
  }

  /** Calls with a token, or with an API key. Throws when that is refused. */
  static async with(token: string, refreshToken = ''): Promise<Client> {
    const me = await send('GET', '/v1/me', { token });
    if (me.status !== 200) throw new Error(`/v1/me answered ${me.status}: ${me.text}`);
    return new Client(token, refreshToken, me.body as Me);
  }

  send(method: string, path: string, body?: unknown, headers: Extra = {}): Promise<Answer> {
    return send(method, path, { token: this.token, body, headers });
  }

  get(path: string, headers?: Extra): Promise<Answer> {
    return this.send('GET', path, undefined, headers);
  }

  post(path: string, body?: unknown, headers?: Extra): Promise<Answer> {
    return this.send('POST', path, body, headers);
  }

  patch(path: string, body?: unknown, headers?: Extra): Promise<Answer> {
    return this.send('PATCH', path, body, headers);
  }

  put(path: string, body?: unknown, headers?: Extra): Promise<Answer> {
    return this.send('PUT', path, body, headers);
  }

  delete(path: string, headers?: Extra): Promise<Answer> {
    return this.send('DELETE', path, undefined, headers);
  }

  /** Posts and returns the created object; throws for any answer but 201. */
  async create<T = Resource>(path: string, body: unknown): Promise<T> {
    const answer = await this.post(path, body);
    if (answer.status !== 201) throw new Error(`POST ${path} answered ${answer.status}: ${answer.text}`);
    return answer.body as T;
  }

  /** Uploads one file to a vendor or an agent. */
  upload(owner: string, name: string, content: string | Buffer, type = 'text/plain'): Promise<Answer> {
    const form = new FormData();
    form.set('file', new Blob([content], { type }), name);
    return this.post(`${owner}/files`, form);
  }
}

/** What all created things have. */
export interface Resource {
  id: string;
  name: string;
  [field: string]: unknown;
}
