import { Injectable } from '@nestjs/common';
import { InvalidError } from '../../../kernel/errors.js';
import { assertWritable } from '../../tenancy/registry/tenant-directory.js';
import { AccountNotices } from '../accounts/account-notices.js';
import type { AccountColumns } from '../accounts/account.entity.js';
import type { AccountStore } from '../accounts/account-store.js';
import { AccountStores } from '../accounts/account-stores.js';
import { LoginAttempts } from '../attempts/login-attempts.js';
import { SignInService, type SignedIn } from '../factors/mfa/sign-in.service.js';
import type { AcceptInvitationDto } from './invitations.dto.js';
import {
  formatOpaqueToken,
  newSecret,
  parseOpaqueToken,
  type OpaqueToken,
} from '../sessions/opaque-token.js';
import { PasswordsService } from '../passwords/passwords.service.js';

/** What a person needs in order to set their password; the token is told once and never stored. */
export interface Invitation {
  token: string;
  expiresAt: Date;
}

/** How long a new user may take to choose a password. */
const INVITATION_MS = 48 * 3_600_000;

/** Links by which people set the password of their account themselves. */
@Injectable()
export class InvitationsService {
  constructor(
    private readonly stores: AccountStores,
    private readonly passwords: PasswordsService,
    private readonly signIns: SignInService,
    private readonly attempts: LoginAttempts,
    private readonly notices: AccountNotices,
  ) {}

  /** Invites a user of the tenant that is bound to the call, by mail; an older invitation of theirs is void. */
  async invite(account: Pick<AccountColumns, 'id' | 'email' | 'name'>): Promise<Invitation> {
    const store = this.stores.users;
    const invitation = await this.inviteIn(store, account.id, INVITATION_MS);
    await this.notices.record({
      action: 'user_invited',
      outcome: 'success',
      target: { type: 'user', id: account.id },
    });
    await this.notices.tell(store, account, (mails, to) => {
      mails.invitation(to, invitation);
    });
    return invitation;
  }

  /** As `invite`, where nobody but the mail's reader may learn the token. Throws ConflictError where no mail is sent. */
  async inviteByMail(account: Pick<AccountColumns, 'id' | 'email' | 'name'>): Promise<void> {
    this.notices.assertMailIsOn();
    await this.invite(account);
  }

  /** Makes the links void that were mailed to the user of the bound tenant: another reads those mails now. */
  async withdraw(accountId: string): Promise<void> {
    const { invitations, tokens } = this.stores.users;
    await invitations.removeOf(accountId);
    await tokens.removeOf(accountId);
  }

  /** A link for whoever asked, without a mail. */
  async inviteIn(store: AccountStore, accountId: string, ttlMs: number): Promise<Invitation> {
    const { secret, secretHash } = newSecret();
    const expiresAt = new Date(Date.now() + ttlMs);
    const id = await store.invitations.replace({ accountId, tokenHash: secretHash, expiresAt });
    return { token: formatOpaqueToken('inv', store.tenantId, id, secret), expiresAt };
  }

  /**
   * Sets the password, ends what sessions the account has, and signs in: who has a
   * second factor is asked for it. The token is used up only when all
   * of it succeeds. Throws InvalidError for a token or a password that is not good.
   */
  async accept({ token: text, password }: AcceptInvitationDto): Promise<SignedIn> {
    const token = parseOpaqueToken('inv', text);
    const tenant = token && (await this.stores.findRealm(token.tenantId));
    if (tenant === undefined || !token) throw badToken();
    if (tenant) assertWritable(tenant);
    return this.stores.within(tenant, (store) => this.acceptIn(store, token, password));
  }

  private async acceptIn(store: AccountStore, token: OpaqueToken, password: string): Promise<SignedIn> {
    const invitation = await store.invitations.find(token);
    if (!invitation) throw badToken();
    const { accountId } = invitation;
    const account = await store.accounts.get(accountId);
    if (account.lockedAt !== null) throw badToken();
    const passwordHash = await this.passwords.hashNew(store, account, password, '/password');
    const pair = await store.transaction(async (inside) => {
      if (!(await inside.invitations.redeem(token))) throw badToken();
      await inside.accounts.setPasswordHash(accountId, passwordHash);
      await inside.tokens.removeOf(accountId);
      await inside.sessions.end({ accountId });
      await inside.factors.pendingLogins.removeOf(accountId);
      await this.notices.record({ action: 'authn_password_change', outcome: 'success', accountId });
      return this.signIns.proceed(inside, account);
    });
    await this.attempts.clear(store.tenantId, accountId, ['password']);
    return pair;
  }
}

const badToken = () =>
  InvalidError.field('/token', 'invalid_token', 'This invitation is unknown, was used or has expired.');
