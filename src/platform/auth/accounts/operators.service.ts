import { Inject, Injectable } from '@nestjs/common';
import { ConflictError, NotFoundError } from '../../../kernel/errors.js';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.js';
import { AccountLocks } from './account-locks.js';
import type { AccountStore } from './account-store.js';
import { AccountStores } from './account-stores.js';
import type { AccountColumns } from './account.entity.js';
import { normaliseEmail } from './email.js';
import { InvitationsService, type Invitation } from '../invitations/invitations.service.js';
import { PasswordsService } from '../passwords/passwords.service.js';

const LINK_TTL_MS = 30 * 60_000;
const FIRST_EMAIL = 'operator@localhost';
const FIRST_NAME = 'Operator';

/** An invitation, and whose it is. */
export interface OperatorLink extends Invitation {
  email: string;
}

/** Makes the accounts of those who run the installation. Called by the start and the command line, by no request. */
@Injectable()
export class OperatorsService {
  constructor(
    private readonly stores: AccountStores,
    private readonly invitations: InvitationsService,
    private readonly passwords: PasswordsService,
    private readonly locks: AccountLocks,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * Makes the first operator when there is none. While no operator has a password, returns a new link for the first,
   * and the older one is void; else null. Several nodes may start at once: the link of the last is good. Throws
   * InvalidError when the configured password is not acceptable.
   */
  async ensureFirst(): Promise<OperatorLink | null> {
    return this.stores.operators.transaction(async (store) => {
      await store.accounts.lockOperators();
      const [first] = await store.accounts.findOldest(1);
      if (!first) return this.createFirst(store);
      return (await store.accounts.hasAnyPassword()) ? null : this.linkFor(store, first);
    });
  }

  /** Makes an operator, and the link by which they set their password. Throws ConflictError for an address in use. */
  async create(email: string, name: string): Promise<OperatorLink> {
    return this.stores.operators.transaction(async (store) => {
      await store.accounts.lockOperators();
      const values = { email: normaliseEmail(email), name, passwordHash: null };
      if (await store.accounts.findByEmail(values.email))
        throw new ConflictError('An operator has this e-mail address already.');
      return this.linkFor(store, await store.accounts.insert(values));
    });
  }

  /** A link by which an operator sets their password, also anew. Throws NotFoundError. */
  async link(email: string): Promise<OperatorLink> {
    return this.linkFor(this.stores.operators, await this.get(email));
  }

  /** Shuts an operator out until `unlock`. Throws NotFoundError. */
  async lock(email: string): Promise<void> {
    await this.locks.lock(this.stores.operators, (await this.get(email)).id);
  }

  /** Lets an operator in again, whoever or whatever locked them. Throws NotFoundError. */
  async unlock(email: string): Promise<void> {
    await this.locks.unlock(this.stores.operators, (await this.get(email)).id);
  }

  private async get(email: string): Promise<AccountColumns> {
    const operator = await this.stores.operators.accounts.findByEmail(normaliseEmail(email));
    if (!operator) throw new NotFoundError();
    return operator;
  }

  private async createFirst(store: AccountStore): Promise<OperatorLink | null> {
    const { bootstrapOperator } = this.config;
    const account = { email: normaliseEmail(bootstrapOperator?.email ?? FIRST_EMAIL), name: FIRST_NAME };
    if (!bootstrapOperator)
      return this.linkFor(store, await store.accounts.insert({ ...account, passwordHash: null }));
    const pointer = '/bootstrapOperator/password';
    const passwordHash = await this.passwords.hashNew(store, account, bootstrapOperator.password, pointer);
    await store.accounts.insert({ ...account, passwordHash });
    return null;
  }

  private async linkFor(store: AccountStore, { id, email }: AccountColumns): Promise<OperatorLink> {
    return { email, ...(await this.invitations.inviteIn(store, id, LINK_TTL_MS)) };
  }
}
