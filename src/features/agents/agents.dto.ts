import { ApiProperty, PartialType } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsEmail,
  IsIn,
  IsString,
  IsUUID,
  Length,
  MaxLength,
} from 'class-validator';
import type { Actor } from '../../kernel/actor.js';
import { Fields, readable, seenBy } from '../../platform/http/field-rights.js';
import { IsOneLine, IsPhone, IsTime, Nullable, Optional } from '../../platform/http/fields.js';
import { pageOf } from '../../platform/http/response/page.dto.js';
import { PageQuery } from '../../platform/http/route.js';
import { AGENT_KINDS, AGENT_STATUSES, type Agent, type AgentKind, type AgentStatus } from './agent.entity.js';

@Fields('agents:create', ['email', 'phone', 'status', 'capabilities', 'validUntil'])
export class CreateAgentDto {
  /** The vendor for which the agent acts; a vendor's own user may leave it out */
  @Optional()
  @IsUUID()
  vendorId?: string;

  /** Name of the person or the software */
  @IsOneLine()
  @Length(1, 200)
  name: string;

  @IsIn(AGENT_KINDS)
  @ApiProperty({ enum: AGENT_KINDS, enumName: 'AgentKind' })
  kind: AgentKind;

  @Nullable()
  @IsEmail()
  @MaxLength(254)
  email?: string | null;

  /** In international form, as +49 30 901820 */
  @Nullable()
  @IsPhone()
  phone?: string | null;

  /** `pending` when left out */
  @Optional()
  @IsIn(AGENT_STATUSES)
  @ApiProperty({ enum: AGENT_STATUSES, enumName: 'AgentStatus', required: false })
  status?: AgentStatus;

  /** What the agent is able to do */
  @Optional()
  @IsArray()
  @ArrayMaxSize(50)
  @ArrayUnique()
  @IsString({ each: true })
  @Length(1, 50, { each: true })
  capabilities?: string[];

  /** From then on the agent may no longer act; RFC 3339 */
  @Nullable()
  @IsTime()
  validUntil?: string | null;
}

@Fields('agents:update', ['name', 'kind', 'email', 'phone', 'status', 'capabilities', 'validUntil'])
export class UpdateAgentDto extends PartialType(CreateAgentDto, { skipNullProperties: false }) {}

export class AgentQueryDto extends PageQuery {
  /** Only agents of this vendor */
  @Optional()
  @IsUUID()
  vendorId?: string;

  /** Only agents in this state */
  @Optional()
  @IsIn(AGENT_STATUSES)
  @ApiProperty({ enum: AGENT_STATUSES, enumName: 'AgentStatus', required: false })
  status?: AgentStatus;

  /** Only people, or only software */
  @Optional()
  @IsIn(AGENT_KINDS)
  @ApiProperty({ enum: AGENT_KINDS, enumName: 'AgentKind', required: false })
  kind?: AgentKind;

  /** Only agents whose name contains this, in upper or lower case */
  @Optional()
  @IsString()
  @Length(1, 100)
  q?: string;
}

@Fields('agents:read', ['name', 'kind', 'email', 'phone', 'status', 'capabilities', 'validUntil'])
export class AgentDto {
  /** UUIDv7 */
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  vendorId: string;
  name?: string;
  @ApiProperty({ enum: AGENT_KINDS, enumName: 'AgentKind', required: false })
  kind?: AgentKind;
  email?: string | null;
  phone?: string | null;
  @ApiProperty({ enum: AGENT_STATUSES, enumName: 'AgentStatus', required: false })
  status?: AgentStatus;
  capabilities?: string[];
  validUntil?: Date | null;
  createdAt: Date;
  updatedAt: Date;
  /** Counts the changes; the ETag is made of it */
  @ApiProperty({ type: 'integer', minimum: 1 })
  version: number;

  /** As this reader may see it: personal data is masked, and fields are left out, as the reader's roles say. */
  static from(agent: Agent, reader: Actor): AgentDto {
    const seen = seenBy(reader, agent.vendorId, agent);
    return readable(reader, 'agents:read', agent.vendorId, {
      id: seen.id,
      vendorId: seen.vendorId,
      name: seen.name,
      kind: seen.kind,
      email: seen.email,
      phone: seen.phone,
      status: seen.status,
      capabilities: seen.capabilities,
      validUntil: seen.validUntil,
      createdAt: seen.createdAt,
      updatedAt: seen.updatedAt,
      version: seen.version,
    });
  }
}

export class AgentPageDto extends pageOf(AgentDto) {}
