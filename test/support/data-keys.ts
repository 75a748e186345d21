import { randomBytes, randomUUID } from 'node:crypto';
import { LocalKeyWrapper } from '../../src/platform/protection/key-wrapper.js';
import { TenantKeysRepository } from '../../src/platform/protection/tenant-keys.repository.js';
import { TenantKeys, type DataKey } from '../../src/platform/protection/tenant-keys.js';
import { Changes } from '../../src/platform/tenancy/changes/changes.js';
import type { Registry } from '../../src/platform/tenancy/registry/registry.js';

/** The data keys as a server has them, in this registry, under this master key. */
export function keysIn(registry: Registry, masterKey: Buffer): TenantKeys {
  const changes = new Changes();
  return new TenantKeys(new TenantKeysRepository(registry, changes), new LocalKeyWrapper(masterKey), changes);
}

/** One data key for whoever asks. */
export function oneKey(): Pick<TenantKeys, 'current' | 'named'> {
  const known: DataKey = { kid: randomUUID(), key: randomBytes(32) };
  return { current: () => Promise.resolve(known), named: () => Promise.resolve(known) };
}
