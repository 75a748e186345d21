import { startAuthServer, type AuthServer } from './auth-server.js';

export const PASSWORD = 'correct horse battery';
export const NEXT_PASSWORD = 'an even longer phrase';
export const EMAIL = 'ada@acme.example';

export interface Pair {
  accessToken: string;
  tokenType: string;
  expiresIn: number;
  refreshToken: string;
  refreshExpiresIn: number;
}

export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

interface Sent {
  token?: string;
  body?: unknown;
  authorization?: string;
}

/** Speaks HTTP to one server. */
export class AuthClient {
  constructor(readonly server: AuthServer) {}

  /** A server with the tenants `acme` and `globex`, in which the same address has two passwords. */
  static async start(): Promise<AuthClient> {
    const server = await startAuthServer();
    await server.createTenant('acme', { email: EMAIL, password: PASSWORD });
    await server.createTenant('globex', { email: EMAIL, password: NEXT_PASSWORD });
    return new AuthClient(server);
  }

  async call<T = Record<string, unknown>>(method: string, path: string, sent: Sent = {}): Promise<Answer<T>> {
    const { token, body, authorization = token === undefined ? undefined : `Bearer ${token}` } = sent;
    const response = await fetch(this.server.url + path, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(authorization !== undefined && { authorization }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    const answer = (text ? JSON.parse(text) : undefined) as T;
    return { status: response.status, headers: response.headers, body: answer };
  }

  login(body: object): Promise<Answer<Pair>> {
    return this.call('POST', '/v1/auth/login', { body });
  }

  refresh(refreshToken: string): Promise<Answer<Pair>> {
    return this.call('POST', '/v1/auth/refresh', { body: { refreshToken } });
  }

  me(token?: string): Promise<Answer<Record<string, unknown>>> {
    return this.call('GET', '/v1/me', { token });
  }

  accept(token: string | undefined, password: string): Promise<Answer<Pair>> {
    return this.call('POST', '/v1/invitations/accept', { body: { token, password } });
  }

  async signIn(tenant: string, password = PASSWORD): Promise<Pair> {
    const { status, body } = await this.login({ tenant, email: EMAIL, password });
    expect(status).toBe(200);
    return body;
  }
}

export const decode = (part: string | undefined): Record<string, unknown> =>
  JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as Record<string, unknown>;
export const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
