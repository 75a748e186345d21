import { Injectable } from '@nestjs/common';
import { ConflictError, InvalidError } from '../../../kernel/errors.js';
import type { Page } from '../../../kernel/page.js';
import type { Permission } from '../../../kernel/permissions.js';
import type { SecurityAction } from '../../../kernel/security-event.js';
import type { ExpectedVersions } from '../../../kernel/version.js';
import { AuditTrail } from '../../audit/audit-trail.js';
import { pageRequest } from '../../http/page-request.js';
import type { OwnerLookup } from '../../http/route.js';
import { ofKnownVendor, ownerOf } from '../../roles/owning-vendor.js';
import { normalisedPublicKey } from './signing-algorithms.js';
import type { RequestSigningKey } from './signing-key.entity.js';
import { SigningKeySecrets } from './signing-key-secrets.js';
import type { CreateSigningKeyDto } from './signing-keys.dto.js';
import type { CredentialQueryDto } from '../credential-query.dto.js';
import { SigningKeysRepository } from './signing-keys.repository.js';

/** Far more than one owner keeps an overview of. */
const MAX_KEYS_OF_OWNER = 100;

/** The rules of signing keys. A key belongs to the tenant or to a vendor, and is good with API keys of the same owner. */
@Injectable()
export class SigningKeysService implements OwnerLookup {
  constructor(
    private readonly keys: SigningKeysRepository,
    private readonly secrets: SigningKeySecrets,
    private readonly audit: AuditTrail,
  ) {}

  list(query: CredentialQueryDto): Promise<Page<RequestSigningKey>> {
    return this.keys.list(pageRequest(query), query);
  }

  get(id: string): Promise<RequestSigningKey> {
    return this.keys.getVisible(id, 'signing_keys:read');
  }

  /** The key, and for HMAC the secret, told once. Throws InvalidError for what is no public key of the algorithm. */
  async create(dto: CreateSigningKeyDto): Promise<{ key: RequestSigningKey; secret: string | null }> {
    const { name, algorithm } = dto;
    const vendorId = ownerOf(dto.vendorId, this.keys.confinedTo('signing_keys:create'));
    const publicKey = publicKeyIn(dto);
    return this.keys.together(async () => {
      if ((await this.keys.countOf(vendorId)) >= MAX_KEYS_OF_OWNER)
        throw new ConflictError('There are too many keys already; remove those that are not needed.');
      const key = await ofKnownVendor(() => this.keys.insert({ name, vendorId, algorithm, publicKey }));
      const made = publicKey === null ? await this.secrets.make(key.id) : undefined;
      if (made) await this.keys.putSecret(key.id, made.sealed);
      await this.record('authn_token_created', key);
      return { key, secret: made?.secret ?? null };
    });
  }

  /** What is signed with it is refused from the next request on, on every node. */
  async remove(id: string, expected: ExpectedVersions): Promise<void> {
    await this.keys.together(async () => {
      await this.record('authn_token_revoked', await this.keys.remove(id, 'signing_keys:delete', expected));
    });
  }

  async assertVisible(id: string, permission: Permission): Promise<string | null> {
    return (await this.keys.getVisible(id, permission)).vendorId;
  }

  private record(action: SecurityAction, { id, vendorId, algorithm }: RequestSigningKey): Promise<void> {
    const target = { type: 'signing_key', id };
    return this.audit.record({ action, outcome: 'success', target, detail: { vendorId, algorithm } });
  }
}

/** Null for an algorithm that has none. */
function publicKeyIn({ algorithm, publicKey }: CreateSigningKeyDto): string | null {
  const pointer = '/publicKey';
  if (algorithm === 'hmac-sha256') {
    if (publicKey !== undefined)
      throw InvalidError.field(pointer, 'not_allowed', 'The secret of this algorithm is made here.');
    return null;
  }
  if (publicKey === undefined) throw InvalidError.field(pointer, 'required', 'The public key must be given.');
  const normalised = normalisedPublicKey(algorithm, publicKey);
  if (normalised === undefined)
    throw InvalidError.field(
      pointer,
      'public_key',
      'Must be a public key of this algorithm, as SPKI in PEM.',
    );
  return normalised;
}
