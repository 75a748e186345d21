import { Injectable } from '@nestjs/common';
import { Registry } from '../../tenancy/registry/registry.js';
import { SigningKey } from './signing-key.entity.js';

/** The key pairs in the registry. */
@Injectable()
export class SigningKeysRepository {
  constructor(private readonly registry: Registry) {}

  /** All keys, newest first. When there is none, `make` makes the first; of several nodes at once, only one does. */
  async findAllOrFirst(
    make: () => Promise<Pick<SigningKey, 'kid' | 'publicJwk' | 'privateJwe'>>,
  ): Promise<SigningKey[]> {
    return this.registry.transaction(async (manager) => {
      const keys = manager.getRepository(SigningKey);
      await manager.query('LOCK TABLE platform.signing_key IN SHARE ROW EXCLUSIVE MODE');
      if (!(await keys.exists())) await keys.insert(await make());
      return keys.find({ order: { createdAt: 'DESC', kid: 'DESC' } });
    });
  }
}
