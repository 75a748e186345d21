import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsInt, Max, Min } from 'class-validator';
import { Nullable, Optional } from '../../../http/fields.js';
import { MFA_MODES, type MfaMode, type SecurityPolicy } from './security-policy.entity.js';

const MAX_GRACE_DAYS = 90;
/** NIST SP 800-63B-4, 3.1.1.2: the least for a password that is one of two factors. */
export const LEAST_PASSWORD_LENGTH = 8;
const MOST_PASSWORD_LENGTH = 64;

export class UpdateSecurityPolicyDto {
  /** `off`: no new second factors; `optional`: whoever wants one; `required`: everybody, once the grace is over */
  @ApiProperty({ enum: MFA_MODES, required: false })
  @Optional()
  @IsIn(MFA_MODES)
  mfa?: MfaMode;

  /** Days that people have to get a second factor once it is required, or once their account is made */
  @ApiProperty({ type: 'integer', required: false })
  @Optional()
  @IsInt()
  @Min(0)
  @Max(MAX_GRACE_DAYS)
  mfaGraceDays?: number;

  /** The least length of new passwords; below the installation's only where a second factor is required. Null: the installation's */
  @ApiProperty({ type: 'integer', nullable: true, required: false })
  @Nullable()
  @IsInt()
  @Min(LEAST_PASSWORD_LENGTH)
  @Max(MOST_PASSWORD_LENGTH)
  passwordMinLength?: number | null;
}

export class SecurityPolicyDto {
  /** Who needs a second factor */
  @ApiProperty({ enum: MFA_MODES })
  mfa: MfaMode;

  /** Days that people have to get one */
  @ApiProperty({ type: 'integer', minimum: 0, maximum: MAX_GRACE_DAYS })
  mfaGraceDays: number;

  /** Since when a second factor is required; null while it is not */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  mfaRequiredSince: Date | null;

  /** The tenant's own least length of new passwords; null where it has the installation's */
  @ApiProperty({ type: 'integer', nullable: true })
  passwordMinLength: number | null;

  /** The least length in force */
  @ApiProperty({ type: 'integer' })
  effectivePasswordMinLength: number;

  /** Counts the changes, from 0; the ETag is made of it */
  @ApiProperty({ type: 'integer', minimum: 0 })
  version: number;

  static from(policy: SecurityPolicy, effectivePasswordMinLength: number): SecurityPolicyDto {
    const { mfa, mfaGraceDays, mfaRequiredSince, passwordMinLength, version } = policy;
    return {
      mfa,
      mfaGraceDays,
      mfaRequiredSince,
      passwordMinLength,
      effectivePasswordMinLength,
      version,
    };
  }
}
