import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsDefined,
  IsIn,
  IsString,
  Length,
  Matches,
  MaxLength,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { IsOneLine, Optional } from '../../../http/fields.js';
import { TOKEN_MAX, TokenPairDto } from '../../auth.dto.js';
import { SECOND_FACTORS, type SecondFactor } from '../factor-method.js';
import { AssertionDto, AttestationDto } from '../passkeys/credential.dto.js';

const CODE_MAX = 64;
export const PASSKEY_NAME_MAX = 100;

/** The password was right, and is not enough. */
export class MfaRequiredDto {
  /** Always true; a pair of tokens has no such field */
  @ApiProperty({ enum: [true] })
  mfaRequired: true;

  /** Good for a few minutes and a few attempts, for finishing this sign-in alone */
  mfaToken: string;

  /** What the account has; give one to `POST /v1/auth/mfa` */
  @ApiProperty({ enum: SECOND_FACTORS, isArray: true })
  methods: SecondFactor[];

  /** Seconds until the token expires */
  expiresIn: number;

  /** The account has no second factor and needs one: the token is good for the routes under `/v1/auth/mfa/enrolment` alone */
  enrolmentRequired: boolean;
}

export class MfaTokenDto {
  /** From the sign-in */
  @IsString()
  @MaxLength(TOKEN_MAX)
  mfaToken: string;
}

export class MfaDto extends MfaTokenDto {
  /** Which of the methods */
  @ApiProperty({ enum: SECOND_FACTORS })
  @IsIn(SECOND_FACTORS)
  method: SecondFactor;

  /** Of the authenticator app or a recovery code; not with a passkey */
  @ValidateIf(({ method, code }: MfaDto) => method !== 'passkey' || code !== undefined)
  @IsString()
  @Length(1, CODE_MAX)
  code?: string;

  /** What the authenticator answered; with a passkey alone */
  @ValidateIf(({ method, credential }: MfaDto) => method === 'passkey' || credential !== undefined)
  @IsDefined()
  @ValidateNested()
  @Type(() => AssertionDto)
  credential?: AssertionDto;
}

export class TotpCodeDto {
  /** The six digits that the app shows */
  @Matches(/^\d{6}$/, { message: 'code must be six digits' })
  code: string;
}

export class EnrolTotpDto extends MfaTokenDto {
  /** The six digits that the app shows */
  @Matches(/^\d{6}$/, { message: 'code must be six digits' })
  code: string;
}

export class RegisterPasskeyDto {
  /** What the authenticator answered */
  @IsDefined()
  @ValidateNested()
  @Type(() => AttestationDto)
  credential: AttestationDto;

  /** What you call it */
  @Optional()
  @IsString()
  @Length(1, PASSKEY_NAME_MAX)
  @IsOneLine()
  name?: string;
}

export class EnrolPasskeyDto extends RegisterPasskeyDto {
  /** From the sign-in */
  @IsString()
  @MaxLength(TOKEN_MAX)
  mfaToken: string;
}

export class TotpOfferDto {
  /** For typing into the app, in base32 */
  secret: string;

  /** For the app: `otpauth://totp/…` */
  uri: string;

  /** The address as a QR code */
  qrSvg: string;
}

export class RecoveryCodesDto {
  /** Ten codes, told this once; each stands in for a lost second factor, once */
  @ApiProperty({ type: String, isArray: true, minItems: 0, maxItems: 10 })
  recoveryCodes: string[];
}

/** The session that an enrolment at sign-in begins. */
export class EnrolledDto extends TokenPairDto {
  /** Told this once; each stands in for a lost second factor, once */
  @ApiProperty({ type: String, isArray: true, minItems: 0, maxItems: 10 })
  recoveryCodes: string[];
}

export class FactorsDto {
  /** Since when an authenticator app is enrolled; null without one */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  totpSince: Date | null;

  /** How many passkeys there are */
  @ApiProperty({ type: 'integer', minimum: 0 })
  passkeys: number;

  /** Recovery codes that were not used yet */
  @ApiProperty({ type: 'integer', minimum: 0, maximum: 10 })
  recoveryCodesLeft: number;

  /** Until when a second factor must be enrolled; null when none is required */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  requiredBy: Date | null;
}
