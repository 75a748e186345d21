import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import type { Page, PageRequest } from '../../../kernel/page.js';
import { findPage, ITEM } from '../../tenancy/page-query.js';
import {
  PlatformAuditEvent,
  PlatformAuditLink,
  PlatformAuditPending,
  TenantAuditEvent,
  TenantAuditLink,
  TenantAuditPending,
  type AuditEventColumns,
  type AuditLinkColumns,
} from './audit-event.entity.js';
import type { Link } from './chain.js';

const ENTITIES = {
  tenant: { event: TenantAuditEvent, link: TenantAuditLink, pending: TenantAuditPending },
  platform: { event: PlatformAuditEvent, link: PlatformAuditLink, pending: PlatformAuditPending },
} as const;

const statementsOf = (schema: string) => ({
  // One statement, so that an entry is never there without the hint that it waits for its link.
  insert: `
    WITH event AS (
      INSERT INTO ${schema}.audit_event (id, created_at, action, outcome, actor_kind, actor_id, impersonator_id, account_id,
        target_type, target_id, request_id, detail, payload, payload_digest, mac)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15))
    INSERT INTO ${schema}.audit_pending (id) VALUES ($1)`,
  append: `
    WITH linked AS (
      INSERT INTO ${schema}.audit_link (sequence, event_id, hash, mac)
      SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[]))
    DELETE FROM ${schema}.audit_pending WHERE id = ANY ($5::uuid[])`,
  remind: `
    INSERT INTO ${schema}.audit_pending (id)
    SELECT id FROM ${schema}.audit_event e
     WHERE NOT EXISTS (SELECT FROM ${schema}.audit_link l WHERE l.event_id = e.id)
    ON CONFLICT DO NOTHING`,
  firstSince: `
    SELECT min(l.sequence)::text AS sequence
      FROM ${schema}.audit_event e JOIN ${schema}.audit_link l ON l.event_id = e.id WHERE e.created_at >= $1`,
});
const STATEMENTS = { tenant: statementsOf('"__tenant__"'), platform: statementsOf('platform') } as const;

const LOCK = 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0)) IS NOT NULL AS locked';
const TRY_LOCK = 'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS locked';

export interface EventFilter {
  action?: string | undefined;
  actorId?: string | undefined;
  targetType?: string | undefined;
  targetId?: string | undefined;
  outcome?: string | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
}

/** The tables of one log, over the connection that it is given. */
export class LogTables {
  constructor(
    private readonly place: keyof typeof ENTITIES,
    readonly manager: EntityManager,
  ) {}

  async insert(event: AuditEventColumns): Promise<void> {
    await this.manager.query(STATEMENTS[this.place].insert, [
      event.id,
      event.createdAt,
      event.action,
      event.outcome,
      event.actorKind,
      event.actorId,
      event.impersonatorId,
      event.accountId,
      event.targetType,
      event.targetId,
      event.requestId,
      JSON.stringify(event.detail),
      event.payload,
      event.payloadDigest,
      event.mac,
    ]);
  }

  /** Makes this transaction the only one that makes links in the log. Without `wait`, false when another does. */
  async lock(log: string, wait: boolean): Promise<boolean> {
    const sql = wait ? LOCK : TRY_LOCK;
    const [row] = await this.manager.query<{ locked: boolean }[]>(sql, [`audit ${log}`]);
    return row!.locked;
  }

  async newestLink(): Promise<AuditLinkColumns | null> {
    const [newest] = await this.links.find({ order: { sequence: 'DESC' }, take: 1 });
    return newest ?? null;
  }

  linkAt(sequence: number): Promise<AuditLinkColumns | null> {
    return this.links.findOneBy({ sequence });
  }

  /** The oldest hints that an entry waits for a link; of them, the entries that do, and the ids under which there is none. */
  async pending(count: number): Promise<{ ids: string[]; waiting: AuditEventColumns[]; gone: string[] }> {
    const hints = await this.manager
      .createQueryBuilder(ENTITIES[this.place].pending, 'hint')
      .orderBy('hint.id')
      .limit(count)
      .getMany();
    const ids = hints.map(({ id }) => id);
    if (ids.length === 0) return { ids, waiting: [], gone: [] };
    const links = await this.linksOf(ids);
    const events = await this.eventsOf(ids);
    const unlinked = ids.filter((id) => !links.has(id));
    const waiting = unlinked.flatMap((id) => events.get(id) ?? []);
    return { ids, waiting, gone: unlinked.filter((id) => !events.has(id)) };
  }

  /** The entries with these ids, by id. */
  async eventsOf(ids: readonly string[]): Promise<ReadonlyMap<string, AuditEventColumns>> {
    const events = await this.events.where(`${ITEM}.id = ANY (:ids)`, { ids }).getMany();
    return new Map(events.map((event) => [event.id, event]));
  }

  /** Adds links, in their order, and takes back the hints that were `seen`. */
  async append(links: readonly (Link & { eventId: string })[], seen: readonly string[]): Promise<void> {
    await this.manager.query(STATEMENTS[this.place].append, [
      links.map(({ sequence }) => sequence),
      links.map(({ eventId }) => eventId),
      links.map(({ hash }) => hash),
      links.map(({ mac }) => mac),
      seen,
    ]);
  }

  /** Notes again every entry without a link as one that waits. Reads the whole log; needs its lock, since others link. */
  async remind(): Promise<void> {
    await this.manager.query(STATEMENTS[this.place].remind);
  }

  /** The links after that one, with the entries that they name as far as those exist. */
  async linksAfter(
    sequence: number,
    count: number,
  ): Promise<{ link: AuditLinkColumns; event: AuditEventColumns | undefined }[]> {
    const links = await this.manager
      .createQueryBuilder(ENTITIES[this.place].link, 'link')
      .where('link.sequence > :sequence', { sequence })
      .orderBy('link.sequence')
      .limit(count)
      .getMany();
    const events = await this.eventsOf(links.map(({ eventId }) => eventId));
    return links.map((link) => ({ link, event: events.get(link.eventId) }));
  }

  /** Entries that no link names: those that still wait, and those that were smuggled in. */
  unlinked(count: number): Promise<AuditEventColumns[]> {
    return this.events
      .leftJoin(ENTITIES[this.place].link, 'link', `link.eventId = ${ITEM}.id`)
      .where('link.eventId IS NULL')
      .orderBy(`${ITEM}.id`)
      .limit(count)
      .getMany();
  }

  list(request: PageRequest, filter: EventFilter): Promise<Page<AuditEventColumns>> {
    const query = this.events.where('true');
    for (const field of ['action', 'actorId', 'targetType', 'targetId', 'outcome'] as const) {
      const value = filter[field];
      if (value !== undefined) query.andWhere(`${ITEM}.${field} = :${field}`, { [field]: value });
    }
    if (filter.from) query.andWhere(`${ITEM}.createdAt >= :from`, { from: filter.from });
    if (filter.to) query.andWhere(`${ITEM}.createdAt < :to`, { to: filter.to });
    return findPage(query, request);
  }

  /** The links of these entries, by entry. */
  async linksOf(ids: readonly string[]): Promise<ReadonlyMap<string, AuditLinkColumns>> {
    const links = await this.manager
      .createQueryBuilder(ENTITIES[this.place].link, 'link')
      .where('link.eventId = ANY (:ids)', { ids })
      .getMany();
    return new Map(links.map((link) => [link.eventId, link]));
  }

  /** The place in the chain of the first entry since then; undefined when there is none. */
  async firstSince(time: Date): Promise<number | undefined> {
    const [row] = await this.manager.query<{ sequence: string | null }[]>(STATEMENTS[this.place].firstSince, [
      time,
    ]);
    const sequence = row?.sequence ?? null;
    return sequence === null ? undefined : Number(sequence);
  }

  private get events(): SelectQueryBuilder<AuditEventColumns> {
    return this.manager.createQueryBuilder<AuditEventColumns>(ENTITIES[this.place].event, ITEM);
  }

  private get links() {
    return this.manager.getRepository<AuditLinkColumns>(ENTITIES[this.place].link);
  }
}
