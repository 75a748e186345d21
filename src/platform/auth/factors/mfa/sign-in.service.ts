import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../../audit/audit-trail.js';
import type { AccountStore } from '../../accounts/account-store.js';
import type { TokenPairDto } from '../../auth.dto.js';
import { formatOpaqueToken, newSecret } from '../../sessions/opaque-token.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import { FactorInventory } from '../factor-inventory.js';
import type { SecondFactor } from '../factor-method.js';
import { SecurityPolicyService } from '../policy/security-policy.service.js';
import type { MfaRequiredDto } from './mfa.dto.js';
import type { PendingPurpose } from './pending-login.entity.js';

/** How long a person may take to show the second factor. */
const PENDING_SECONDS = 5 * 60;
/** To install an app and scan a code takes longer. */
const ENROLMENT_SECONDS = 15 * 60;

/** A session, or what is missing for one. */
export type SignedIn = TokenPairDto | MfaRequiredDto;

/** The one way from a right password to a session, whatever asked for the password. */
@Injectable()
export class SignInService {
  constructor(
    private readonly inventory: FactorInventory,
    private readonly policies: SecurityPolicyService,
    private readonly sessions: SessionsService,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Begins a session of an account whose password was right, unless it has a second factor, or must have one by now: then
   * gives a token that is good for that alone.
   */
  async proceed(store: AccountStore, account: { id: string; createdAt: Date }): Promise<SignedIn> {
    const inventory = await this.inventory.of(store, account.id);
    if (inventory.hasFactor) return pend(store, account.id, 'factor', this.inventory.methodsOf(inventory));
    const { enrolBy } = await this.policies.requirementOf(store, account);
    if (enrolBy !== null && enrolBy.getTime() <= Date.now()) return pend(store, account.id, 'enrolment', []);
    const detail = { method: 'password' };
    await this.audit.record({
      action: 'authn_login_success',
      outcome: 'success',
      accountId: account.id,
      detail,
    });
    return this.sessions.start(store, account.id, { methods: ['pwd'] });
  }
}

async function pend(
  store: AccountStore,
  accountId: string,
  purpose: PendingPurpose,
  methods: SecondFactor[],
): Promise<MfaRequiredDto> {
  const { secret, secretHash } = newSecret();
  const expiresIn = purpose === 'enrolment' ? ENROLMENT_SECONDS : PENDING_SECONDS;
  const expiresAt = new Date(Date.now() + expiresIn * 1000);
  const id = await store.factors.pendingLogins.insert({
    accountId,
    purpose,
    tokenHash: secretHash,
    expiresAt,
  });
  const mfaToken = formatOpaqueToken('mfa', store.tenantId, id, secret);
  return { mfaRequired: true, mfaToken, methods, expiresIn, enrolmentRequired: purpose === 'enrolment' };
}
