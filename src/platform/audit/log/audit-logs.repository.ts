import { Inject, Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import { Registry } from '../../tenancy/registry/registry.js';
import { AuditKey, AuditLog } from './audit-log.entity.js';
import type { Position } from './chain.js';

/** What the registry keeps of the logs. Never inside the transaction of a log, which may be on another server. */
@Injectable()
export class AuditLogsRepository {
  constructor(@Inject(Registry) private readonly registry: Registry) {}

  find(log: string): Promise<AuditLog | null> {
    return this.logs.findOneBy({ log });
  }

  /** Adds the log unless somebody has added it meanwhile, and returns what is there. */
  async ensure(log: string, sealedKey: string, genesis: Position): Promise<AuditLog> {
    const { sequence, hash } = genesis;
    await this.logs
      .createQueryBuilder()
      .insert()
      .values({ log, sealedKey, sequence, hash, baseSequence: sequence, baseHash: hash })
      .orIgnore()
      .execute();
    return this.logs.findOneByOrFail({ log });
  }

  /** Moves the newest position on, if it is still the one that is expected. */
  async advance(log: string, from: Position, to: Position, checkpoint: string): Promise<boolean> {
    const { affected } = await this.logs.update(
      { log, sequence: from.sequence, hash: from.hash },
      { sequence: to.sequence, hash: to.hash, checkpoint },
    );
    return affected === 1;
  }

  /** Never backwards, whichever of two prunings at a time comes last. */
  async setBase(log: string, { sequence, hash }: Position, baseCheckpoint: string): Promise<void> {
    await this.logs.update(
      { log, baseSequence: LessThan(sequence) },
      { baseSequence: sequence, baseHash: hash, baseCheckpoint },
    );
  }

  async remove(log: string): Promise<void> {
    await this.logs.delete({ log });
  }

  /** All key pairs, newest first. When there is none, `make` makes the first; of several nodes at once, only one does. */
  async keysOrFirst(make: () => Promise<Omit<AuditKey, 'createdAt'>>): Promise<AuditKey[]> {
    return this.registry.transaction(async (manager) => {
      const keys = manager.getRepository(AuditKey);
      await manager.query('LOCK TABLE platform.audit_key IN SHARE ROW EXCLUSIVE MODE');
      if (!(await keys.exists())) await keys.insert(await make());
      return keys.find({ order: { createdAt: 'DESC', kid: 'DESC' } });
    });
  }

  private get logs() {
    return this.registry.getRepository(AuditLog);
  }
}
