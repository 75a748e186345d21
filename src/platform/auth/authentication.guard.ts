import { Injectable, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { Request } from 'express';
import { UnauthenticatedError } from '../../kernel/errors.js';
import { ACCESS_KEY, type Access } from '../http/route.js';
import { bearerTokenOf } from '../http/request/bearer-token.js';
import { ApiKeyCallers } from '../api-keys/api-key-callers.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { Callers, type Caller } from './callers/callers.js';
import { VerifiedTokens } from './callers/verified-tokens.js';

/** Who are you? Lets nobody pass without a good access token or API key, unless the route says that it is public. */
@Injectable()
export class AuthenticationGuard extends AuthGuard('jwt') {
  constructor(
    private readonly reflector: Reflector,
    private readonly context: TenantContext,
    private readonly apiKeys: ApiKeyCallers,
    private readonly callers: Callers,
    private readonly verified: VerifiedTokens,
  ) {
    super();
  }

  override async canActivate(execution: ExecutionContext): Promise<boolean> {
    const access = this.reflector.get<Access | undefined>(ACCESS_KEY, execution.getHandler());
    if (access?.rule === 'public') return true;
    const request = execution.switchToHttp().getRequest<Request & { user?: Caller }>();
    const { actor, binding } =
      (await this.apiKeys.identify(request)) ?? (await this.signedIn(request, execution));
    request.actor = actor;
    this.context.enter(actor, binding);
    return true;
  }

  /** What is wrong with a token is nobody's business; what goes wrong while asking the database is the server's fault. */
  override handleRequest<T>(error: Error | null, caller: T | false | null): T {
    if (error) throw error;
    if (!caller) throw new UnauthenticatedError();
    return caller;
  }

  private async signedIn(request: Request & { user?: Caller }, execution: ExecutionContext): Promise<Caller> {
    const token = bearerTokenOf(request);
    const claims = token === null ? undefined : this.verified.find(token);
    if (claims) return this.callers.identify(request, claims);
    await super.canActivate(execution);
    if (!request.user) throw new UnauthenticatedError();
    return request.user;
  }
}
