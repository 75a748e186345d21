import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsString, IsUUID, Length, Max, Min } from 'class-validator';
import { SECURITY_ACTIONS, type SecurityAction } from '../../../kernel/security-event.js';
import { IsTime, Optional } from '../../http/fields.js';
import { pageOf } from '../../http/response/page.dto.js';
import { PageQuery } from '../../http/route.js';
import type { Verification } from '../chaining/verifier.js';
import { FAULTS, type Fault } from '../log/chain.js';
import type { ActorKind } from '../log/audit-event.entity.js';
import type { ReadEvent } from './read-event.js';

const OUTCOMES = ['success', 'failure', 'denied'] as const;
type AuditOutcome = (typeof OUTCOMES)[number];
const ACTOR_KINDS: readonly ActorKind[] = ['user', 'operator', 'api_key', 'agent', 'anonymous', 'system'];
const MAX_STREAMED = 100_000;

const wholeNumber = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;

export class AuditEventQueryDto extends PageQuery {
  /** Order of the list; newest first when left out */
  @Optional()
  @IsIn(['createdAt', '-createdAt'])
  override sort?: 'createdAt' | '-createdAt';

  /** Only entries of this action */
  @Optional()
  @IsIn(SECURITY_ACTIONS)
  @ApiProperty({ enum: SECURITY_ACTIONS, enumName: 'AuditAction', required: false })
  action?: SecurityAction;

  /** Only what this account did */
  @Optional()
  @IsUUID()
  actorId?: string;

  /** Only what was done to things of this kind, as `vendor` */
  @Optional()
  @IsString()
  @Length(1, 100)
  targetType?: string;

  /** Only what was done to this thing */
  @Optional()
  @IsString()
  @Length(1, 100)
  targetId?: string;

  /** Only what ended so */
  @Optional()
  @IsIn(OUTCOMES)
  @ApiProperty({ enum: OUTCOMES, enumName: 'AuditOutcome', required: false })
  outcome?: AuditOutcome;

  /** Only what happened then or later */
  @Optional()
  @IsTime()
  @ApiProperty({ type: String, format: 'date-time', required: false })
  from?: string;

  /** Only what happened before */
  @Optional()
  @IsTime()
  @ApiProperty({ type: String, format: 'date-time', required: false })
  to?: string;
}

export class AuditStreamQueryDto {
  /** The `sequence` of the last line that you have; from the beginning when left out */
  @Optional()
  @Transform(wholeNumber)
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  after?: number;

  /** How many entries at most, 1 to 100000; 10000 when left out */
  @Optional()
  @Transform(wholeNumber)
  @IsInt()
  @Min(1)
  @Max(MAX_STREAMED)
  limit?: number;
}

export class AuditActorDto {
  @ApiProperty({ enum: ACTOR_KINDS, enumName: 'AuditActorKind' })
  kind: ActorKind;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  id: string | null;
  /** The operator who acted in the place of the account */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  impersonatorId: string | null;
}

export class AuditTargetDto {
  /** As `vendor` */
  type: string;
  id: string;
}

const VALUES = { type: 'object', additionalProperties: true, nullable: true } as const;

export class AuditChangesDto {
  /** Values before; null for what was made */
  @ApiProperty(VALUES)
  before: Readonly<Record<string, unknown>> | null;
  /** Values after; null for what was removed */
  @ApiProperty(VALUES)
  after: Readonly<Record<string, unknown>> | null;
}

export class AuditEventDto {
  /** UUIDv7 */
  @ApiProperty({ format: 'uuid' })
  id: string;
  createdAt: Date;
  /** In the words of OWASP's Logging Vocabulary where it has one */
  @ApiProperty({ enum: SECURITY_ACTIONS, enumName: 'AuditAction' })
  action: SecurityAction;
  @ApiProperty({ enum: OUTCOMES, enumName: 'AuditOutcome' })
  outcome: AuditOutcome;
  actor: AuditActorDto;
  /** The account that it was about */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  accountId: string | null;
  @ApiProperty({ type: AuditTargetDto, nullable: true })
  target: AuditTargetDto | null;
  /** Personal values are masked for those without the permission to read them */
  @ApiProperty({ type: AuditChangesDto, nullable: true })
  changes: AuditChangesDto | null;
  /** Of the client */
  @ApiProperty({ type: String, nullable: true })
  address: string | null;
  @ApiProperty({ type: String, nullable: true })
  userAgent: string | null;
  @ApiProperty({ type: String, nullable: true })
  requestId: string | null;
  /** What else there is to tell */
  @ApiProperty({ type: 'object', additionalProperties: true })
  detail: Record<string, string | number | boolean | null>;
  /** Its place in the chain; null for the second until it has one */
  @ApiProperty({ type: 'integer', minimum: 1, nullable: true })
  sequence: number | null;
  /** SHA-256 of this entry and all before it */
  @ApiProperty({ type: String, nullable: true })
  hash: string | null;

  static from({ event, link, payload }: ReadEvent): AuditEventDto {
    const { id, createdAt, action, outcome, accountId, requestId, detail, targetType, targetId } = event;
    return {
      id,
      createdAt,
      action,
      outcome,
      actor: { kind: event.actorKind, id: event.actorId, impersonatorId: event.impersonatorId },
      accountId,
      target: targetType !== null && targetId !== null ? { type: targetType, id: targetId } : null,
      changes: payload?.changes ?? null,
      address: payload?.address ?? null,
      userAgent: payload?.userAgent ?? null,
      requestId,
      detail,
      sequence: link?.sequence ?? null,
      hash: link?.hash ?? null,
    };
  }
}

export class AuditEventPageDto extends pageOf(AuditEventDto) {}

export class AuditVerificationDto {
  /** Whether every entry is as it was written, none is missing and none was added */
  valid: boolean;
  /** How many entries of the chain were found good */
  @ApiProperty({ type: 'integer', minimum: 0 })
  entries: number;
  /** SHA-256 of the last good entry and all before it */
  head: string;
  /** Place of the first entry that is not as it should be; only when one is not */
  @ApiProperty({ type: 'integer', minimum: 1, required: false })
  firstBad?: number;
  /** What is wrong there */
  @ApiProperty({ enum: FAULTS, enumName: 'AuditFault', required: false })
  fault?: Fault;

  static from({ valid, entries, head, firstBad }: Verification): AuditVerificationDto {
    const bad = firstBad && { firstBad: firstBad.sequence, fault: firstBad.fault };
    return { valid, entries, head: head.hash, ...bad };
  }
}
