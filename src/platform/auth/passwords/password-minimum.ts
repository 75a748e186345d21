import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.js';

/** The fewest characters of new passwords, in a realm. */
@Injectable()
export class PasswordMinimum {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  /**
   * Of the tenant with this id, of the operators for null, of a tenant that is being made for undefined. What stands alone
   * needs 15 (NIST SP 800-63B-4, 3.1.1.2); a tenant that always wants a second factor may do with 8.
   */
  of(_tenantId: string | null | undefined): Promise<number> {
    return Promise.resolve(this.config.passwordMinLength);
  }
}
