import type { Registry } from '../../tenancy/registry/registry.js';
import type { TenantContext } from '../../tenancy/tenant-context.js';
import { factorsOfOperators, factorsOfUsers, type FactorStores } from '../factors/factor-stores.js';
import { AccountsRepository } from './accounts.repository.js';
import { InvitationsRepository } from '../invitations/invitations.repository.js';
import { OperatorInvitation, UserInvitation } from '../invitations/invitation.entity.js';
import { OperatorToken, UserToken } from '../recovery/account-token.entity.js';
import { AccountTokensRepository } from '../recovery/account-tokens.repository.js';
import { Operator } from './operator.entity.js';
import { OperatorSession, UserSession } from '../sessions/session.entity.js';
import { SessionsRepository } from '../sessions/sessions.repository.js';
import { User } from './user.entity.js';

type Manager = Registry['manager'];

/** One realm's accounts with their sessions and invitations, so that signing in is one logic for both kinds. */
export interface AccountStore {
  /** Null for the operators. */
  readonly tenantId: string | null;
  readonly accounts: AccountsRepository;
  readonly sessions: SessionsRepository;
  readonly invitations: InvitationsRepository;
  readonly factors: FactorStores;
  readonly tokens: AccountTokensRepository;
  /** Runs work in one transaction; it must use the store that it is given. */
  transaction<T>(work: (store: AccountStore) => Promise<T>): Promise<T>;
}

/** The operators, in the registry. */
export class OperatorStore implements AccountStore {
  readonly tenantId = null;
  readonly accounts: AccountsRepository;
  readonly sessions: SessionsRepository;
  readonly invitations: InvitationsRepository;
  readonly factors: FactorStores;
  readonly tokens: AccountTokensRepository;

  constructor(
    private readonly manager: Manager,
    private readonly idleSeconds: number,
  ) {
    const same = () => manager;
    this.accounts = new AccountsRepository(Operator, same);
    this.sessions = new SessionsRepository(OperatorSession, Operator, same, idleSeconds);
    this.invitations = new InvitationsRepository(OperatorInvitation, same);
    this.factors = factorsOfOperators(same);
    this.tokens = new AccountTokensRepository(OperatorToken, same);
  }

  transaction<T>(work: (store: AccountStore) => Promise<T>): Promise<T> {
    return this.manager.transaction((manager) => work(new OperatorStore(manager, this.idleSeconds)));
  }
}

/** The users of whichever tenant is bound to the call. */
export class UserStore implements AccountStore {
  readonly accounts: AccountsRepository;
  readonly sessions: SessionsRepository;
  readonly invitations: InvitationsRepository;
  readonly factors: FactorStores;
  readonly tokens: AccountTokensRepository;

  constructor(
    private readonly context: TenantContext,
    idleSeconds: number,
  ) {
    const ofTheCall = () => context.manager;
    this.accounts = new AccountsRepository(User, ofTheCall);
    this.sessions = new SessionsRepository(UserSession, User, ofTheCall, idleSeconds);
    this.invitations = new InvitationsRepository(UserInvitation, ofTheCall);
    this.factors = factorsOfUsers(ofTheCall);
    this.tokens = new AccountTokensRepository(UserToken, ofTheCall);
  }

  get tenantId(): string {
    return this.context.binding.tenantId;
  }

  transaction<T>(work: (store: AccountStore) => Promise<T>): Promise<T> {
    return this.context.transaction(() => work(this));
  }
}
