import { Inject, Injectable } from '@nestjs/common';
import { ConflictError, InvalidError } from '../../../../kernel/errors.js';
import type { ExpectedVersions } from '../../../../kernel/version.js';
import { AuditTrail } from '../../../audit/audit-trail.js';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.js';
import type { AccountStore } from '../../accounts/account-store.js';
import type { PasswordMinimum } from '../../passwords/password-minimum.js';
import { SecurityPolicyDto, type UpdateSecurityPolicyDto } from './security-policy.dto.js';
import type { SecurityPolicy } from './security-policy.entity.js';
import { SecurityPolicyRepository } from './security-policy.repository.js';

const DAY_MS = 86_400_000;

/** What is asked of an account: until when it must have a second factor; null when it need not. */
export interface FactorRequirement {
  mfa: SecurityPolicy['mfa'];
  enrolBy: Date | null;
}

/** What a tenant asks of its people when they sign in, and what the installation asks of its operators. */
@Injectable()
export class SecurityPolicyService implements PasswordMinimum {
  constructor(
    private readonly policies: SecurityPolicyRepository,
    private readonly audit: AuditTrail,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async get(): Promise<SecurityPolicyDto> {
    return this.describe(await this.policies.get());
  }

  /** Throws InvalidError for a password length that is too little where no second factor is required. */
  async change(dto: UpdateSecurityPolicyDto, expected: ExpectedVersions): Promise<SecurityPolicyDto> {
    const changed = await this.policies.change(expected, (policy) => {
      const wasRequired = policy.mfa === 'required';
      Object.assign(policy, dto);
      if (policy.mfa !== 'required') policy.mfaRequiredSince = null;
      else if (!wasRequired) policy.mfaRequiredSince = new Date();
      this.assertLongEnough(policy);
    });
    const { mfa, mfaGraceDays, passwordMinLength } = changed;
    await this.audit.record({
      action: 'authz_policy_change',
      outcome: 'success',
      target: { type: 'security_policy', id: String(changed.id) },
      detail: { mfa, mfaGraceDays, passwordMinLength },
    });
    return this.describe(changed);
  }

  /** What is asked of this account of that realm. In production operators need a second factor at once. */
  async requirementOf(store: AccountStore, { createdAt }: { createdAt: Date }): Promise<FactorRequirement> {
    if (store.tenantId === null)
      return this.config.nodeEnv === 'production'
        ? { mfa: 'required', enrolBy: createdAt }
        : { mfa: 'optional', enrolBy: null };
    const { mfa, mfaGraceDays, mfaRequiredSince } = await this.policies.get();
    if (mfa !== 'required') return { mfa, enrolBy: null };
    const from = Math.max(createdAt.getTime(), mfaRequiredSince?.getTime() ?? 0);
    return { mfa, enrolBy: new Date(from + mfaGraceDays * DAY_MS) };
  }

  /**
   * Whether the session may go on: one that was begun with a password alone ends with the grace. Asked whenever a session
   * is continued, so that nobody stays around the requirement by never signing in again.
   */
  async allowsSession(store: AccountStore, sessionId: string, accountId: string): Promise<boolean> {
    const proof = await store.factors.proofs.find(sessionId, accountId);
    if (proof?.methods.includes('mfa')) return true;
    const { enrolBy } = await this.requirementOf(store, await store.accounts.get(accountId));
    return enrolBy === null || enrolBy.getTime() > Date.now();
  }

  /** Throws ConflictError where no new second factors are wanted. */
  async assertEnrolmentAllowed(store: AccountStore): Promise<void> {
    if (store.tenantId !== null && (await this.policies.get()).mfa === 'off')
      throw new ConflictError('This tenant has switched second factors off.');
  }

  async of(tenantId: string | null | undefined): Promise<number> {
    return tenantId ? this.effectiveLength(await this.policies.get()) : this.config.passwordMinLength;
  }

  private describe(policy: SecurityPolicy): SecurityPolicyDto {
    return SecurityPolicyDto.from(policy, this.effectiveLength(policy));
  }

  /** What was allowed beside a second factor counts only as long as one is required. */
  private effectiveLength({ mfa, passwordMinLength }: SecurityPolicy): number {
    const own = passwordMinLength ?? this.config.passwordMinLength;
    return mfa === 'required' ? own : Math.max(own, this.config.passwordMinLength);
  }

  private assertLongEnough({ mfa, passwordMinLength }: SecurityPolicy): void {
    const least = this.config.passwordMinLength;
    if (mfa !== 'required' && passwordMinLength !== null && passwordMinLength < least)
      throw InvalidError.field(
        '/passwordMinLength',
        'too_short',
        `Must be at least ${least}, or null, unless a second factor is required.`,
      );
  }
}
