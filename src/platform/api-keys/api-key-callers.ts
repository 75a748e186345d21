import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { Actor } from '../../kernel/actor.js';
import { UnauthenticatedError } from '../../kernel/errors.js';
import { bearerTokenOf } from '../http/request/bearer-token.js';
import { assertNotSuspended, bindingOf, TenantDirectory } from '../tenancy/registry/tenant-directory.js';
import { whileEntering } from '../tenancy/shares/entering.js';
import { TenantShares } from '../tenancy/shares/tenant-shares.js';
import type { TenantBinding } from '../tenancy/tenant-binding.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import type { ApiKey } from './api-key.entity.js';
import { isLikeApiKey, parseApiKey, type KeyEnvironment } from './api-key-text.js';
import { KEY_ENVIRONMENT } from './api-keys.service.js';
import { ApiKeyProofs } from './api-key-proofs.js';
import { programEntries } from './program-rights.js';

/** A program that calls with an API key, and how to reach the data of its tenant. */
export interface ApiKeyCaller {
  actor: Actor;
  binding: TenantBinding;
}

/**
 * Knows programs by their API keys. Asks the database at each request what is true of the key now: one that was revoked,
 * that expired or whose vendor was suspended is refused from the next request on, on every node. The key itself names its
 * tenant; a secret that fits none of that tenant's keys is refused as any bad credential is.
 */
@Injectable()
export class ApiKeyCallers {
  constructor(
    private readonly proofs: ApiKeyProofs,
    private readonly directory: TenantDirectory,
    readonly context: TenantContext,
    readonly shares: TenantShares,
    @Inject(KEY_ENVIRONMENT) private readonly environment: KeyEnvironment,
  ) {}

  /**
   * Who calls; undefined when the request has no API key. Throws UnauthenticatedError, ForbiddenError when the tenant is
   * suspended, RateLimitedError when it floods us.
   */
  async identify(request: Request): Promise<ApiKeyCaller | undefined> {
    const token = bearerTokenOf(request);
    if (token === null || !isLikeApiKey(token)) return undefined;
    const text = parseApiKey(token);
    if (text?.environment !== this.environment) throw new UnauthenticatedError();
    const tenant = await this.directory.byId(text.tenantId);
    if (!tenant) throw new UnauthenticatedError();
    assertNotSuspended(tenant);
    const binding = bindingOf(tenant);
    const key = await whileEntering(request, tenant, this, () =>
      // Use is noted in a read-only tenant as well.
      this.context.run({ ...binding, readOnly: false }, () => this.proofs.prove(text, request)),
    );
    return { actor: actorOf(key, tenant.id), binding };
  }
}

const actorOf = (key: ApiKey, tenantId: string): Actor =>
  new Actor({
    kind: 'api_key',
    id: key.id,
    sessionId: key.id,
    tenantId,
    vendorId: key.vendorId,
    roles: [],
    entries: programEntries(key, key.vendorId),
  });
