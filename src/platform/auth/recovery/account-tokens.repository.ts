import { MoreThan, type EntityManager, type Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { OpaqueToken } from '../sessions/opaque-token.js';
import type { AccountTokenColumns, TokenPurpose } from './account-token.entity.js';

export type NewAccountToken = Pick<
  AccountTokenColumns,
  'accountId' | 'purpose' | 'tokenHash' | 'email' | 'expiresAt'
>;

/** The open links of one realm's accounts. */
export class AccountTokensRepository {
  constructor(
    private readonly entity: new () => AccountTokenColumns,
    private readonly manager: () => EntityManager,
  ) {}

  /** Puts a new link in the place of the account's older one of that purpose, and returns its id. */
  async replace(values: NewAccountToken): Promise<string> {
    const id = uuidv7();
    await this.repository
      .createQueryBuilder()
      .insert()
      .values({ ...values, id, createdAt: new Date() })
      .orUpdate(['id', 'token_hash', 'email', 'created_at', 'expires_at'], ['account_id', 'purpose'])
      .execute();
    return id;
  }

  /** The unexpired link that this token is for. */
  async find(purpose: TokenPurpose, { id, secretHash }: OpaqueToken): Promise<AccountTokenColumns | null> {
    return this.repository.findOneBy({
      id,
      purpose,
      tokenHash: secretHash,
      expiresAt: MoreThan(new Date()),
    });
  }

  /** Uses the link up; of several at once, one gets true. */
  async redeem(purpose: TokenPurpose, { id, secretHash }: OpaqueToken): Promise<boolean> {
    const { affected } = await this.repository.delete({
      id,
      purpose,
      tokenHash: secretHash,
      expiresAt: MoreThan(new Date()),
    });
    return affected === 1;
  }

  /** Makes all open links of the account void. */
  async removeOf(accountId: string): Promise<void> {
    await this.repository.delete({ accountId });
  }

  private get repository(): Repository<AccountTokenColumns> {
    return this.manager().getRepository(this.entity);
  }
}
