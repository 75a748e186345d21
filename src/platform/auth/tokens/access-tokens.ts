import type { KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { v7 as uuidv7 } from 'uuid';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.js';
import { SIGNING_ALGORITHM } from './key-wrapping.js';
import { SigningKeys } from './signing-keys.js';

/** RFC 9068. */
const TOKEN_TYPE = 'at+jwt';
export const TOKEN_AUDIENCE = 'ringfence-api';
const DEFAULT_ISSUER = 'ringfence';
/** Clocks of several nodes differ a little. */
const BACKDATED_SECONDS = 5;
const COMPACT_JWS = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Which account, by which session, of which tenant (absent for operators). */
export interface AccessClaims {
  sub: string;
  sid: string;
  tid?: string | undefined;
  /** The operator who acts as the account (RFC 8693, 4.1). */
  act?: { sub: string } | undefined;
  /** Of an agent's token alone (RFC 9068, 2.2): `sub` is the agent then, and `sid` its credential. */
  client_id?: string | undefined;
}

/** An agent that has proved itself by a credential, and when that ends. */
export interface SignedInAgent {
  agentId: string;
  clientId: string;
  credentialId: string;
  tenantId: string;
  until: Date;
}

export const issuerOf = (config: Config): string => config.publicUrl ?? DEFAULT_ISSUER;

/** Makes access tokens, and says with which key one must be verified. */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly jwt: JwtService,
    private readonly keys: SigningKeys,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** A token for the session; one for an operator who acts as the account says so, and may last longer. */
  async sign(
    accountId: string,
    sessionId: string,
    tenantId: string | null,
    acting?: { operatorId: string; seconds: number },
  ): Promise<string> {
    const claims = {
      sid: sessionId,
      ...(tenantId !== null && { tid: tenantId }),
      ...(acting && { act: { sub: acting.operatorId } }),
    };
    return this.signed(accountId, claims, acting?.seconds ?? this.config.accessTokenSeconds);
  }

  /** A token for an agent, good for so many seconds: no longer than its credential. */
  async signForAgent(agent: SignedInAgent): Promise<{ token: string; seconds: number }> {
    const { agentId, clientId, credentialId: sid, tenantId: tid, until } = agent;
    const left = Math.floor((until.getTime() - Date.now()) / 1000);
    const seconds = Math.max(1, Math.min(this.config.accessTokenSeconds, left));
    return { token: await this.signed(agentId, { sid, tid, client_id: clientId }, seconds), seconds };
  }

  /** Who we are to those who ask for tokens; the one right `aud` of their assertions. */
  get issuer(): string {
    return issuerOf(this.config);
  }

  private signed(subject: string, claims: object, expiresIn: number): Promise<string> {
    const { kid, privateKey } = this.keys.current;
    return this.jwt.signAsync(claims, {
      privateKey,
      header: headerFor(kid),
      algorithm: SIGNING_ALGORITHM,
      issuer: this.issuer,
      audience: TOKEN_AUDIENCE,
      subject,
      expiresIn,
      notBefore: -BACKDATED_SECONDS,
      jwtid: uuidv7(),
    });
  }

  /**
   * The key that must have signed the token. Undefined for an unknown kid, any header but ours, and every other
   * spelling of a token: base64url has several for the same bytes, and verifiers forgive them.
   */
  keyFor(token: string): KeyObject | undefined {
    if (!COMPACT_JWS.test(token) || !token.split('.').every(isCanonical)) return undefined;
    const header = Buffer.from(token.split('.')[0]!, 'base64url').toString();
    const kid = kidIn(header);
    // Nothing else may stand in it, and nothing twice: no `crit`, `b64`, `jwk`, `jku` or `x5u`.
    if (kid === undefined || header !== JSON.stringify(headerFor(kid))) return undefined;
    return this.keys.publicKey(kid);
  }
}

const headerFor = (kid: string) => ({ alg: SIGNING_ALGORITHM, typ: TOKEN_TYPE, kid });

const isCanonical = (part: string): boolean => Buffer.from(part, 'base64url').toString('base64url') === part;

function kidIn(header: string): string | undefined {
  try {
    const { kid } = (JSON.parse(header) ?? {}) as { kid?: unknown };
    return typeof kid === 'string' ? kid : undefined;
  } catch {
    return undefined;
  }
}
