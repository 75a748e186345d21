import { currentRequest } from './request-facts.js';

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

/** From where the request under way came; nothing is known of what no request began. */
export function clientFacts(): ClientFacts {
  const { givenAgent, address } = currentRequest() ?? {};
  return { userAgent: shownAgent(givenAgent), address: plainAddress(address) };
}

function shownAgent(header: string | undefined): string | null {
  return header?.replace(UNSHOWABLE, '').trim().slice(0, USER_AGENT_MAX) || null;
}

function plainAddress(ip: string | null | undefined): string | null {
  return ip?.replace(/^::ffff:(?=\d+\.)/i, '') ?? null;
}
