import { Injectable } from '@nestjs/common';
import type { Actor } from '../../../kernel/actor.js';
import type { Page } from '../../../kernel/page.js';
import { pageRequest } from '../../http/page-request.js';
import { TenantContext } from '../../tenancy/tenant-context.js';
import type { AuditEventColumns } from '../log/audit-event.entity.js';
import { LogDoor, type Realm } from '../log/log-door.js';
import { PayloadSealer } from '../log/payload-sealer.js';
import { RepeatedEvents } from '../recording/repeated-events.js';
import type { AuditEventQueryDto } from './audit-events.dto.js';
import type { ReadEvent } from './read-event.js';
import { shownTo } from './payload-masking.js';

/** Reads the log of the caller's tenant; an operator's is the platform's. That it was read is recorded in it. */
@Injectable()
export class AuditEventsService {
  constructor(
    private readonly context: TenantContext,
    private readonly door: LogDoor,
    private readonly sealer: PayloadSealer,
    private readonly events: RepeatedEvents,
  ) {}

  async list(query: AuditEventQueryDto, reader: Actor): Promise<Page<ReadEvent>> {
    await this.events.logRead('list');
    const { from, to, ...equal } = query;
    const filter = { ...equal, from: timeOf(from), to: timeOf(to) };
    const realm: Realm = this.context.boundTenant ?? null;
    const page = await this.door.apart(realm, async (tables) => {
      const found = await tables.list(pageRequest(query), filter);
      const links = await tables.linksOf(found.data.map(({ id }) => id));
      return { ...found, data: found.data.map((event) => ({ event, link: links.get(event.id) })) };
    });
    const data = await Promise.all(
      page.data.map(async (read) => ({ ...read, payload: await this.payloadOf(realm, read.event, reader) })),
    );
    return { ...page, data };
  }

  private async payloadOf(
    realm: Realm,
    event: AuditEventColumns,
    reader: Actor,
  ): Promise<ReadEvent['payload']> {
    const payload = await this.sealer.open(realm, event).catch(() => null);
    return payload && shownTo(reader)(payload, event);
  }
}

const timeOf = (text: string | undefined): Date | undefined =>
  text === undefined ? undefined : new Date(text);
