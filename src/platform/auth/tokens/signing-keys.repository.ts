import { Injectable } from '@nestjs/common';
import { OF_SIGNING_KEYS } from '../../tenancy/changes/change.js';
import { Changes } from '../../tenancy/changes/changes.js';
import { Registry } from '../../tenancy/registry/registry.js';
import { SigningKey } from './signing-key.entity.js';

/** What is written of a key. */
export type NewSigningKey = Omit<SigningKey, 'createdAt' | 'retiredAt'>;

/** The keys as they are now, and how to change them. */
export interface KeyWork {
  keys: SigningKey[];
  insert: (key: NewSigningKey) => Promise<void>;
  update: (
    kid: string,
    values: Partial<Pick<SigningKey, 'privateJwe' | 'signsFrom' | 'retiredAt'>>,
  ) => Promise<void>;
}

/** The key pairs in the registry. */
@Injectable()
export class SigningKeysRepository {
  constructor(
    private readonly registry: Registry,
    private readonly changes: Changes,
  ) {}

  async findAll(): Promise<SigningKey[]> {
    return this.registry.getRepository(SigningKey).find();
  }

  /** Changes the keys in one transaction, while no other node does; all nodes are told when anything was changed. */
  async inTurn<T>(work: (keys: KeyWork) => Promise<T>): Promise<T> {
    return this.registry.transaction(async (manager) => {
      const rows = manager.getRepository(SigningKey);
      await manager.query('LOCK TABLE platform.signing_key IN SHARE ROW EXCLUSIVE MODE');
      const changed = new Set<string>();
      const result = await work({
        keys: await rows.find(),
        insert: async (key) => {
          changed.add(key.kid);
          await rows.insert(key);
        },
        update: async (kid, values) => {
          changed.add(kid);
          await rows.update({ kid }, values);
        },
      });
      if (changed.size > 0) await this.changes.announce(manager, OF_SIGNING_KEYS);
      return result;
    });
  }
}
