import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsInt,
  IsUUID,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { IsOneLine, IsTime, Nullable, Optional } from '../http/fields.js';
import { pageOf } from '../http/response/page.dto.js';
import type { ApiKey } from './api-key.entity.js';
import { CREDENTIAL_STATES, stateOf, type CredentialState } from './key-life.js';

export class CreateApiKeyDto {
  /** What the key is for */
  @IsOneLine()
  @Length(1, 200)
  name: string;

  /** Entries of the catalogue with their scope, as `agents:read:own`; at most what the owner and you hold */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @ArrayUnique()
  @Matches(/^[a-z_]{1,40}:[a-z]{1,20}:(any|own)$/, { each: true })
  permissions: string[];

  /** Fields that the key leaves out: `agents.phone` of every action, `agents.phone:update` of one */
  @Optional()
  @IsArray()
  @ArrayMaxSize(100)
  @ArrayUnique()
  @Matches(/^[a-z_]{1,40}\.[A-Za-z]{1,40}(:[a-z]{1,20})?$/, { each: true })
  exceptFields?: string[];

  /** The vendor that owns the key; a vendor's own user may leave it out. Without one the tenant owns it */
  @Nullable()
  @IsUUID()
  vendorId?: string | null;

  /** Whether each request must be signed too, with a signing key of the same owner (RFC 9421); false when left out */
  @Optional()
  @IsBoolean()
  requireSignature?: boolean;

  /** When the key ends: 90 days from now when left out, 365 at most; RFC 3339 */
  @Optional()
  @IsTime()
  expiresAt?: string;
}

export class RotateApiKeyDto {
  /** How long the secret until now stays good beside the new one; a day when left out, a week at most */
  @Optional()
  @IsInt()
  @Min(0)
  @Max(604_800)
  overlapSeconds?: number;

  /** When the key ends: 90 days from now when left out, 365 at most; RFC 3339 */
  @Optional()
  @IsTime()
  expiresAt?: string;
}

export class ApiKeyDto {
  /** UUIDv7 */
  @ApiProperty({ format: 'uuid' })
  id: string;
  name: string;
  /** The vendor that owns the key; null: the tenant does */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  vendorId: string | null;
  /** As `agents:read:own` */
  permissions: string[];
  /** As `agents.phone`, or `agents.phone:update` */
  exceptFields: string[];
  /** Whether each request must be signed too */
  requireSignature: boolean;
  /** `expiring`: within the next 14 days */
  @ApiProperty({ enum: CREDENTIAL_STATES, enumName: 'CredentialState' })
  state: CredentialState;
  expiresAt: Date;
  /** Until when the secret before the last rotation is good; null when it is not */
  @ApiProperty({ type: Date, nullable: true })
  previousSecretUntil: Date | null;
  /** When the key was last used, to the minute; null: never */
  @ApiProperty({ type: Date, nullable: true })
  lastUsedAt: Date | null;
  /** From which address that was */
  @ApiProperty({ type: String, nullable: true })
  lastUsedFrom: string | null;
  createdAt: Date;
  updatedAt: Date;
  /** Counts the changes; the ETag is made of it */
  @ApiProperty({ type: 'integer', minimum: 1 })
  version: number;

  static from(key: ApiKey): ApiKeyDto {
    const { previousUntil, expiresAt } = key;
    const now = new Date();
    return {
      id: key.id,
      name: key.name,
      vendorId: key.vendorId,
      permissions: key.permissions,
      exceptFields: key.exceptFields,
      requireSignature: key.requireSignature,
      state: stateOf(expiresAt, now),
      expiresAt,
      previousSecretUntil: previousUntil !== null && previousUntil > now ? previousUntil : null,
      lastUsedAt: key.lastUsedAt,
      lastUsedFrom: key.lastUsedFrom,
      createdAt: key.createdAt,
      updatedAt: key.updatedAt,
      version: key.version,
    };
  }
}

export class ApiKeyPageDto extends pageOf(ApiKeyDto) {}

/** A key whose secret is told, this once. */
export class ApiKeyWithSecretDto extends ApiKeyDto {
  /** The whole key, `rf_<environment>_<id>_<secret>`. It is shown in this answer alone */
  secret: string;

  static with(key: ApiKey, secret: string): ApiKeyWithSecretDto {
    return { ...ApiKeyDto.from(key), secret };
  }
}
