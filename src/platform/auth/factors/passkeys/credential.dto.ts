import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  Equals,
  IsArray,
  IsDefined,
  IsIn,
  IsInt,
  IsObject,
  IsString,
  Matches,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { Nullable } from '../../../http/fields.js';

const BASE64URL = /^[A-Za-z0-9_-]+$/;
const SHORT = 2048;
const LONG = 16_384;

/** What every answer of an authenticator has (WebAuthn Level 3, 5.1). */
abstract class CredentialDto {
  /** Id of the credential, in base64url */
  @Matches(BASE64URL)
  @MaxLength(SHORT)
  id: string;

  /** The same again */
  @Matches(BASE64URL)
  @MaxLength(SHORT)
  rawId: string;

  /** Always `public-key` */
  @ApiProperty({ enum: ['public-key'] })
  @Equals('public-key')
  type: 'public-key';

  /** Where the authenticator sits */
  @ApiProperty({ type: String, enum: ['platform', 'cross-platform'], nullable: true, required: false })
  @Nullable()
  @IsIn(['platform', 'cross-platform'])
  authenticatorAttachment?: 'platform' | 'cross-platform' | null;

  /** Not looked at */
  @ApiProperty({ type: 'object', additionalProperties: true })
  @Nullable()
  @IsObject()
  clientExtensionResults?: Record<string, unknown> | null;
}

export class AttestationResponseDto {
  @Matches(BASE64URL)
  @MaxLength(LONG)
  clientDataJSON: string;

  @Matches(BASE64URL)
  @MaxLength(LONG)
  attestationObject: string;

  /** How the authenticator can be reached */
  @Nullable()
  @IsArray()
  @ArrayMaxSize(10)
  @Matches(/^[a-z-]{1,32}$/, { each: true })
  transports?: string[];

  /** Not looked at: the attestation object has it */
  @Nullable()
  @Matches(BASE64URL)
  @MaxLength(LONG)
  authenticatorData?: string;

  /** Not looked at: the attestation object has it */
  @Nullable()
  @Matches(BASE64URL)
  @MaxLength(LONG)
  publicKey?: string;

  /** Not looked at: the attestation object has it */
  @Nullable()
  @IsInt()
  publicKeyAlgorithm?: number;
}

/** `RegistrationResponseJSON` of WebAuthn Level 3, as `toJSON()` of a new credential gives it. */
export class AttestationDto extends CredentialDto {
  @IsDefined()
  @ValidateNested()
  @Type(() => AttestationResponseDto)
  response: AttestationResponseDto;
}

export class AssertionResponseDto {
  @Matches(BASE64URL)
  @MaxLength(LONG)
  clientDataJSON: string;

  @Matches(BASE64URL)
  @MaxLength(LONG)
  authenticatorData: string;

  @Matches(BASE64URL)
  @MaxLength(LONG)
  signature: string;

  /** Whose the credential is */
  @ApiProperty({ type: String, nullable: true, required: false })
  @Nullable()
  @IsString()
  @Matches(BASE64URL)
  @MaxLength(128)
  userHandle?: string | null;
}

/** `AuthenticationResponseJSON` of WebAuthn Level 3, as `toJSON()` of a credential that was asked for gives it. */
export class AssertionDto extends CredentialDto {
  @IsDefined()
  @ValidateNested()
  @Type(() => AssertionResponseDto)
  response: AssertionResponseDto;
}
