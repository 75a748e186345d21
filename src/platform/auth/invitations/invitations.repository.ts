import { MoreThan, type EntityManager, type Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { InvitationColumns } from './invitation.entity.js';
import type { OpaqueToken } from '../sessions/opaque-token.js';

/** The open invitations of one realm. */
export class InvitationsRepository {
  constructor(
    private readonly entity: new () => InvitationColumns,
    private readonly manager: () => EntityManager,
  ) {}

  /** Puts a new invitation in the place of the account's older one, and returns its id. */
  async replace(values: Pick<InvitationColumns, 'accountId' | 'tokenHash' | 'expiresAt'>): Promise<string> {
    const id = uuidv7();
    await this.repository
      .createQueryBuilder()
      .insert()
      .values({ ...values, id })
      .orUpdate(['id', 'token_hash', 'expires_at'], ['account_id'])
      .execute();
    return id;
  }

  /** The unexpired invitation that this token is for. */
  async find({ id, secretHash }: OpaqueToken): Promise<InvitationColumns | null> {
    return this.repository.findOneBy({ id, tokenHash: secretHash, expiresAt: MoreThan(new Date()) });
  }

  /** Uses the token up; of several at once, one gets true. */
  async redeem({ id, secretHash }: OpaqueToken): Promise<boolean> {
    const { affected } = await this.repository.delete({
      id,
      tokenHash: secretHash,
      expiresAt: MoreThan(new Date()),
    });
    return affected === 1;
  }

  async removeOf(accountId: string): Promise<void> {
    await this.repository.delete({ accountId });
  }

  private get repository(): Repository<InvitationColumns> {
    return this.manager().getRepository(this.entity);
  }
}
