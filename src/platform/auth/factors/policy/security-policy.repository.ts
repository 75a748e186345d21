import { Inject, Injectable } from '@nestjs/common';
import type { Repository } from 'typeorm';
import { assertVersion, type ExpectedVersions } from '../../../../kernel/version.js';
import { TenantContext } from '../../../tenancy/tenant-context.js';
import { ONLY_ROW, SecurityPolicy } from './security-policy.entity.js';

/** The security policy of the tenant bound to the call. */
@Injectable()
export class SecurityPolicyRepository {
  constructor(@Inject(TenantContext) private readonly context: TenantContext) {}

  /** The policy; the defaults, in version 0, until it is changed. */
  async get(): Promise<SecurityPolicy> {
    return (await this.repository.findOneBy({ id: ONLY_ROW })) ?? this.repository.create(DEFAULTS);
  }

  /** Applies the change while the row is locked. Throws PreconditionFailedError as `assertVersion` does. */
  async change(expected: ExpectedVersions, apply: (policy: SecurityPolicy) => void): Promise<SecurityPolicy> {
    return this.context.transaction(async () => {
      await this.repository.createQueryBuilder().insert().values(DEFAULTS).orIgnore().execute();
      const policy = await this.repository.findOneOrFail({
        where: { id: ONLY_ROW },
        lock: { mode: 'pessimistic_write' },
      });
      assertVersion(expected, policy.version);
      apply(policy);
      return this.repository.save(policy);
    });
  }

  private get repository(): Repository<SecurityPolicy> {
    return this.context.manager.getRepository(SecurityPolicy);
  }
}

const DEFAULTS = {
  id: ONLY_ROW,
  mfa: 'optional',
  mfaGraceDays: 0,
  mfaRequiredSince: null,
  passwordMinLength: null,
  version: 0,
} as const;
