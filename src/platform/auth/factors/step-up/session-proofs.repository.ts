import { IsNull, type Repository } from 'typeorm';
import { ofSession } from '../../../tenancy/changes/change.js';
import type { Realm } from '../../accounts/realm.js';
import type { SessionColumns } from '../../sessions/session.entity.js';

export type SessionProof = Pick<SessionColumns, 'methods' | 'provedAt'>;

/** With what and when the sessions of one realm proved themselves. Read from the database each time, never remembered. */
export class SessionProofsRepository {
  constructor(
    private readonly entity: new () => SessionColumns,
    private readonly realm: Realm,
  ) {}

  async find(id: string, accountId: string): Promise<SessionProof | null> {
    const select = { id: true, methods: true, provedAt: true } as const;
    return this.repository.findOne({ select, where: { id, accountId, endedAt: IsNull() } });
  }

  /** Notes that the session has proved itself just now, with these methods beside those it had. */
  async renew(id: string, accountId: string, methods: readonly string[]): Promise<void> {
    const proof = await this.find(id, accountId);
    if (!proof) return;
    await this.realm.transaction(async () => {
      await this.repository.update(
        { id, accountId, endedAt: IsNull() },
        { provedAt: new Date(), methods: [...new Set([...proof.methods, ...methods])] },
      );
      await this.realm.announce(ofSession(this.realm.tenantId, id));
    });
  }

  private get repository(): Repository<SessionColumns> {
    return this.realm.manager.getRepository(this.entity);
  }
}
