import { IsNull, type EntityManager, type Repository } from 'typeorm';
import type { SessionColumns } from '../../sessions/session.entity.js';

export type SessionProof = Pick<SessionColumns, 'methods' | 'provedAt'>;

/** With what and when the sessions of one realm proved themselves. Read from the database each time, never remembered. */
export class SessionProofsRepository {
  constructor(
    private readonly entity: new () => SessionColumns,
    private readonly manager: () => EntityManager,
  ) {}

  async find(id: string, accountId: string): Promise<SessionProof | null> {
    const select = { id: true, methods: true, provedAt: true } as const;
    return this.repository.findOne({ select, where: { id, accountId, endedAt: IsNull() } });
  }

  /** Notes that the session has proved itself just now, with these methods beside those it had. */
  async renew(id: string, accountId: string, methods: readonly string[]): Promise<void> {
    const proof = await this.find(id, accountId);
    if (!proof) return;
    await this.repository.update(
      { id, accountId, endedAt: IsNull() },
      { provedAt: new Date(), methods: [...new Set([...proof.methods, ...methods])] },
    );
  }

  private get repository(): Repository<SessionColumns> {
    return this.manager().getRepository(this.entity);
  }
}
