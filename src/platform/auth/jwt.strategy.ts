import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import { Strategy } from 'passport-jwt';
import { validate as isUuid } from 'uuid';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.js';
import { bearerTokenOf } from '../http/request/bearer-token.js';
import { Callers, type Caller } from './callers/callers.js';
import { VerifiedTokens } from './callers/verified-tokens.js';
import { AccessTokens, issuerOf, TOKEN_AUDIENCE, type AccessClaims } from './tokens/access-tokens.js';
import { SIGNING_ALGORITHM } from './tokens/key-wrapping.js';

/** Verifies the access token of a request; what is true of the caller now, `Callers` knows. */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor(
    tokens: AccessTokens,
    private readonly callers: Callers,
    private readonly verified: VerifiedTokens,
    @Inject(CONFIG) config: Config,
  ) {
    super({
      jwtFromRequest: bearerTokenOf,
      algorithms: [SIGNING_ALGORITHM],
      issuer: issuerOf(config),
      audience: TOKEN_AUDIENCE,
      passReqToCallback: true,
      secretOrKeyProvider: (_request, token: string, done) => {
        const key = tokens.keyFor(token);
        // The types know strings alone; jsonwebtoken takes a KeyObject, which need not be parsed anew each time.
        if (key) done(null, key as unknown as Buffer);
        else done(new Error('not a token of ours'));
      },
    });
  }

  /** Runs once signature, times, issuer and audience were found good; throws as `Callers.identify` does. */
  async validate(request: Request, claims: AccessClaims & { exp?: unknown }): Promise<Caller | false> {
    const { sub, sid, tid, act, exp, client_id } = claims;
    // What never ends, or names nobody, is none of ours, whoever signed it.
    if (typeof exp !== 'number' || ![sub, sid, tid ?? sub].every((id) => isUuid(id))) return false;
    const token = bearerTokenOf(request);
    if (token !== null) this.verified.remember(token, { sub, sid, tid, act, exp, client_id });
    return this.callers.identify(request, claims);
  }
}
