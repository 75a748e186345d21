import { IsNull, Not, type EntityManager, type Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { UnauthenticatedError } from '../../../kernel/errors.js';
import type { AccountColumns } from './account.entity.js';

/** The accounts of one realm: the operators, or one tenant's users. */
export class AccountsRepository {
  constructor(
    private readonly entity: new () => AccountColumns,
    private readonly manager: () => EntityManager,
  ) {}

  async findByEmail(email: string): Promise<AccountColumns | null> {
    return this.repository.findOneBy({ email });
  }

  /** The account of an authenticated caller. Throws UnauthenticatedError when it was removed meanwhile. */
  async get(id: string): Promise<AccountColumns> {
    const account = await this.repository.findOneBy({ id });
    if (!account) throw new UnauthenticatedError();
    return account;
  }

  /** As `get`; others who change the account by this wait for the end of the transaction. */
  async lock(id: string): Promise<AccountColumns> {
    const account = await this.repository.findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!account) throw new UnauthenticatedError();
    return account;
  }

  async find(id: string): Promise<AccountColumns | null> {
    return this.repository.findOneBy({ id });
  }

  /**
   * Whether the account is still there, not shut, and its password the one with this hash. Until the end of the
   * transaction nobody changes that: a session cannot begin beside the change that ends all of them.
   */
  async holdUnchanged(id: string, passwordHash: string): Promise<boolean> {
    const found = await this.repository.findOne({
      where: { id, passwordHash, lockedAt: IsNull() },
      lock: { mode: 'for_no_key_update' },
    });
    return found !== null;
  }

  /** Shuts the account, or opens it again. */
  async setLocked(id: string, isLocked: boolean): Promise<void> {
    await this.repository.update({ id }, { lockedAt: isLocked ? new Date() : null });
  }

  async setEmail(id: string, email: string): Promise<void> {
    await this.repository.update({ id }, { email });
  }

  /** The oldest accounts, at most so many. */
  async findOldest(count: number): Promise<AccountColumns[]> {
    return this.repository.find({ order: { createdAt: 'ASC', id: 'ASC' }, take: count });
  }

  async hasAnyPassword(): Promise<boolean> {
    return this.repository.existsBy({ passwordHash: Not(IsNull()) });
  }

  async insert(values: Pick<AccountColumns, 'email' | 'name' | 'passwordHash'>): Promise<AccountColumns> {
    return this.repository.save(this.repository.create({ ...values, id: uuidv7() }), { reload: false });
  }

  async setPasswordHash(id: string, passwordHash: string): Promise<void> {
    await this.repository.update({ id }, { passwordHash });
  }

  /** Puts one hash in the place of another, unless the password was changed meanwhile. */
  async replacePasswordHash(id: string, oldHash: string, newHash: string): Promise<void> {
    await this.repository.update({ id, passwordHash: oldHash }, { passwordHash: newHash });
  }

  /** Makes other writers of the operators, on other nodes too, wait for the end of the transaction. */
  async lockOperators(): Promise<void> {
    await this.manager().query('LOCK TABLE platform.operator IN SHARE ROW EXCLUSIVE MODE');
  }

  private get repository(): Repository<AccountColumns> {
    return this.manager().getRepository(this.entity);
  }
}
