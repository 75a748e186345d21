import { AsyncLocalStorage } from 'node:async_hooks';
import type { NextFunction, Request, Response } from 'express';

const USER_AGENT_MAX = 300;
/** Control characters, and those that turn the direction of what is shown after them. */
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** From where a request came, as far as the client can be believed. */
export interface ClientFacts {
  /** What the client calls itself, fit to be shown: shortened, without control characters. Anybody can claim anything. */
  userAgent: string | null;
  /** The client's address, behind trusted proxies too; IPv4 without its IPv6 prefix. */
  address: string | null;
}

const NOBODY: ClientFacts = { userAgent: null, address: null };
const storage = new AsyncLocalStorage<ClientFacts>();

/** From where the request under way came; nothing is known of what no request began. */
export const clientFacts = (): ClientFacts => storage.getStore() ?? NOBODY;

/** Makes `clientFacts` known to all that the request does. */
export function rememberClient(request: Request, _response: Response, next: NextFunction): void {
  storage.run({ userAgent: shownAgent(request.get('user-agent')), address: plainAddress(request.ip) }, next);
}

function shownAgent(header: string | undefined): string | null {
  return header?.replace(UNSHOWABLE, '').trim().slice(0, USER_AGENT_MAX) || null;
}

function plainAddress(ip: string | undefined): string | null {
  return ip?.replace(/^::ffff:(?=\d+\.)/i, '') ?? null;
}
