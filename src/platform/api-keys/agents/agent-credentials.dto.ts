import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsDefined,
  IsIn,
  IsUUID,
  Length,
  Matches,
  ValidateNested,
} from 'class-validator';
import type { Actor } from '../../../kernel/actor.js';
import { IsOneLine, IsTime, Optional } from '../../http/fields.js';
import { pageOf } from '../../http/response/page.dto.js';
import { CredentialQueryDto } from '../credential-query.dto.js';
import { CREDENTIAL_STATES, stateOf, type CredentialState } from '../key-life.js';
import type { AgentCredential } from './agent-credential.entity.js';
import { formatClientId } from './client-id.js';

/** A public key of Ed25519 as a JWK (RFC 8037), and nothing else of it: a private half (`d`) is refused. */
export class Ed25519KeyDto {
  @IsIn(['OKP'])
  @ApiProperty({ enum: ['OKP'] })
  kty: 'OKP';

  @IsIn(['Ed25519'])
  @ApiProperty({ enum: ['Ed25519'] })
  crv: 'Ed25519';

  /** The public key, base64url */
  @Matches(/^[\w-]{43}$/)
  x: string;
}

export class CreateAgentCredentialDto {
  /** The software agent that signs in */
  @IsUUID()
  agentId: string;

  /** What tells this credential from others of the agent */
  @IsOneLine()
  @Length(1, 200)
  name: string;

  @IsDefined()
  @ValidateNested()
  @Type(() => Ed25519KeyDto)
  publicKey: Ed25519KeyDto;

  /** Entries of the catalogue with their scope, as `agents:read:own`; at most what the vendor and you hold */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @ArrayUnique()
  @Matches(/^[a-z_]{1,40}:[a-z]{1,20}:(any|own)$/, { each: true })
  permissions: string[];

  /** Fields that are left out: `agents.phone` of every action, `agents.phone:update` of one */
  @Optional()
  @IsArray()
  @ArrayMaxSize(100)
  @ArrayUnique()
  @Matches(/^[a-z_]{1,40}\.[A-Za-z]{1,40}(:[a-z]{1,20})?$/, { each: true })
  exceptFields?: string[];

  /** When the credential ends: 90 days from now when left out, 365 at most; RFC 3339 */
  @Optional()
  @IsTime()
  expiresAt?: string;
}

export class AgentCredentialQueryDto extends CredentialQueryDto {
  /** Only credentials of this agent */
  @Optional()
  @IsUUID()
  agentId?: string;
}

export class AgentCredentialDto {
  /** UUIDv7; the `kid` of assertions */
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  agentId: string;
  /** The agent's vendor, whose things alone it reaches */
  @ApiProperty({ format: 'uuid' })
  vendorId: string;
  /** `iss` and `sub` of assertions */
  clientId: string;
  name: string;
  publicKey: Ed25519KeyDto;
  /** As `agents:read:own` */
  permissions: string[];
  /** As `agents.phone`, or `agents.phone:update` */
  exceptFields: string[];
  /** `expiring`: within the next 14 days */
  @ApiProperty({ enum: CREDENTIAL_STATES, enumName: 'CredentialState' })
  state: CredentialState;
  expiresAt: Date;
  /** When a token was last given for it; null: never */
  @ApiProperty({ type: Date, nullable: true })
  lastUsedAt: Date | null;
  /** To which address that was */
  @ApiProperty({ type: String, nullable: true })
  lastUsedFrom: string | null;
  createdAt: Date;
  updatedAt: Date;
  /** Counts the changes; the ETag is made of it */
  @ApiProperty({ type: 'integer', minimum: 1 })
  version: number;

  static from(credential: AgentCredential, { tenantId }: Actor): AgentCredentialDto {
    const { id, agentId, vendorId, name, permissions, exceptFields, expiresAt } = credential;
    const { lastUsedAt, lastUsedFrom, createdAt, updatedAt, version } = credential;
    return {
      ...{ id, agentId, vendorId, clientId: formatClientId({ tenantId: tenantId ?? '', agentId }), name },
      publicKey: { kty: 'OKP', crv: 'Ed25519', x: credential.publicKey },
      ...{ permissions, exceptFields, state: stateOf(expiresAt, new Date()), expiresAt },
      ...{ lastUsedAt, lastUsedFrom, createdAt, updatedAt, version },
    };
  }
}

export class AgentCredentialPageDto extends pageOf(AgentCredentialDto) {}
