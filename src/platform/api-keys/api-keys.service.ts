import { Inject, Injectable } from '@nestjs/common';
import { ConflictError } from '../../kernel/errors.js';
import type { Page } from '../../kernel/page.js';
import type { Permission } from '../../kernel/permissions.js';
import type { SecurityAction } from '../../kernel/security-event.js';
import type { ExpectedVersions } from '../../kernel/version.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { pageRequest } from '../http/page-request.js';
import type { OwnerLookup } from '../http/route.js';
import { Delegation } from '../roles/delegation.js';
import { ofKnownVendor, ownerOf } from '../roles/owning-vendor.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import type { ApiKey } from './api-key.entity.js';
import { formatApiKey, newApiKeySecret, type KeyEnvironment } from './api-key-text.js';
import type { CreateApiKeyDto, RotateApiKeyDto } from './api-keys.dto.js';
import type { CredentialQueryDto } from './credential-query.dto.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { endOf, overlapEnd } from './key-life.js';
import { assertForProgram } from './program-rights.js';

export const KEY_ENVIRONMENT = Symbol('the environment that API keys name');
/** Far more than one owner keeps an overview of. */
const MAX_KEYS_OF_OWNER = 100;

/** A key, and the text by which programs call with it: told once, and never kept. */
export interface KeyWithSecret {
  key: ApiKey;
  secret: string;
}

/** The rules of API keys. Who makes one, or gives it a new secret, must hold all that it grants. */
@Injectable()
export class ApiKeysService implements OwnerLookup {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly delegation: Delegation,
    private readonly context: TenantContext,
    private readonly audit: AuditTrail,
    @Inject(KEY_ENVIRONMENT) private readonly environment: KeyEnvironment,
  ) {}

  list(query: CredentialQueryDto): Promise<Page<ApiKey>> {
    return this.keys.list(pageRequest(query), query);
  }

  get(id: string): Promise<ApiKey> {
    return this.keys.getVisible(id, 'api_keys:read');
  }

  /** Throws InvalidError for what no key of this owner can have, ForbiddenInputError for more than the caller holds. */
  async create(dto: CreateApiKeyDto): Promise<KeyWithSecret> {
    const { name, permissions, exceptFields = [], requireSignature = false } = dto;
    const vendorId = ownerOf(dto.vendorId, this.keys.confinedTo('api_keys:create'));
    assertForProgram({ permissions, exceptFields }, vendorId);
    this.delegation.assertMayGrant({ permissions, exceptFields }, [vendorId]);
    const expiresAt = endOf(dto.expiresAt, new Date());
    const { secret, secretHash } = newApiKeySecret();
    const key = await this.keys.together(async () => {
      if ((await this.keys.countOf(vendorId)) >= MAX_KEYS_OF_OWNER)
        throw new ConflictError('There are too many keys already; revoke those that are not needed.');
      const row = { name, vendorId, permissions, exceptFields, requireSignature, expiresAt, secretHash };
      const made = await ofKnownVendor(() => this.keys.insert(row));
      await this.record('authn_token_created', made);
      return made;
    });
    return { key, secret: this.textOf(key, secret) };
  }

  /**
   * Gives the key a new secret and a new end; the secret until now stays good for the overlap, and one before that is not
   * good any more. Throws ForbiddenInputError when the key grants more than the caller holds.
   */
  async rotate(id: string, dto: RotateApiKeyDto, expected: ExpectedVersions): Promise<KeyWithSecret> {
    const now = new Date();
    const expiresAt = endOf(dto.expiresAt, now);
    const { secret, secretHash } = newApiKeySecret();
    const key = await this.keys.together(async () => {
      const rotated = await this.keys.change(id, 'api_keys:update', expected, (row) => {
        this.delegation.assertMayGrant(row, [row.vendorId]);
        const previousUntil = overlapEnd(dto.overlapSeconds, row.expiresAt, now);
        const previousHash = previousUntil && row.secretHash;
        Object.assign(row, { previousHash, previousUntil, secretHash, expiresAt, toldDays: null });
      });
      await this.record('key_rotated', rotated);
      return rotated;
    });
    return { key, secret: this.textOf(key, secret) };
  }

  /** Ends the key and all of its secrets; the next request with it is refused, on every node. */
  async remove(id: string, expected: ExpectedVersions): Promise<void> {
    await this.keys.together(async () => {
      await this.record('authn_token_revoked', await this.keys.remove(id, 'api_keys:delete', expected));
    });
  }

  async assertVisible(id: string, permission: Permission): Promise<string | null> {
    return (await this.keys.getVisible(id, permission)).vendorId;
  }

  private textOf({ id }: ApiKey, secret: string): string {
    return formatApiKey(this.environment, this.context.binding.tenantId, id, secret);
  }

  private record(action: SecurityAction, { id, vendorId }: ApiKey): Promise<void> {
    const target = { type: 'api_key', id };
    return this.audit.record({ action, outcome: 'success', target, detail: { vendorId } });
  }
}
