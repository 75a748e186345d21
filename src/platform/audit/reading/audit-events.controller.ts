import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Actor } from '../../../kernel/actor.js';
import { Allow, CurrentActor } from '../../http/route.js';
import {
  AuditEventDto,
  AuditEventPageDto,
  AuditEventQueryDto,
  AuditStreamQueryDto,
  AuditVerificationDto,
} from './audit-events.dto.js';
import { AuditEventsService } from './audit-events.service.js';
import { AuditProofService } from './audit-proof.service.js';
import type { LogLine } from './audit-stream.js';

const DEFAULT_STREAMED = 10_000;
const CLIENT_IS_GONE = 'ERR_STREAM_PREMATURE_CLOSE';

@ApiTags('Audit')
@Controller({ path: 'audit-events', version: '1' })
export class AuditEventsController {
  constructor(
    private readonly events: AuditEventsService,
    private readonly proofs: AuditProofService,
  ) {}

  /** List what happened in your tenant; for operators, in the installation */
  @Get()
  @Allow('audit_events:read')
  async list(@Query() query: AuditEventQueryDto, @CurrentActor() reader: Actor): Promise<AuditEventPageDto> {
    return AuditEventPageDto.from(await this.events.list(query, reader), (read) => AuditEventDto.from(read));
  }

  /** Prove that the log is whole */
  @Get('verify')
  @Allow('audit_events:read')
  async verify(): Promise<AuditVerificationDto> {
    return AuditVerificationDto.from(await this.proofs.verify());
  }

  /** Export the log as lines of JSON, oldest first, with a signed checkpoint at the end */
  @Get('stream')
  @Allow('audit_events:read')
  @ApiProduces('application/x-ndjson')
  @ApiOkResponse({ description: 'One entry a line', schema: { type: 'string' } })
  async stream(
    @Query() { after = 0, limit = DEFAULT_STREAMED }: AuditStreamQueryDto,
    @CurrentActor() reader: Actor,
    @Res() response: Response,
  ): Promise<void> {
    const lines = await this.proofs.stream(after, limit, reader);
    response.set({ 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store' });
    try {
      await pipeline(Readable.from(asText(lines)), response);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== CLIENT_IS_GONE) throw error;
    }
  }
}

async function* asText(lines: AsyncIterable<LogLine>): AsyncGenerator<string> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`;
}
