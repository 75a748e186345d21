import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from './client.js';
import { asOwner } from './database.js';

/** An entry of a log, as its route answers it. */
export interface AuditEntry {
  id: string;
  action: string;
  outcome: string;
  actor: { kind: string; id: string | null; impersonatorId: string | null };
  target: { type: string; id: string } | null;
  changes: { before: Record<string, unknown> | null; after: Record<string, unknown> | null } | null;
  address: string | null;
  userAgent: string | null;
  requestId: string | null;
  detail: Record<string, unknown>;
  sequence: number | null;
}

export interface Verification {
  valid: boolean;
  entries: number;
  head: string;
  firstBad?: number;
  fault?: string;
}

/** The entries that the reader sees, newest first. */
export async function entriesOf(reader: Client, query = ''): Promise<AuditEntry[]> {
  const answer = await reader.get(`/v1/audit-events?limit=100${query}`);
  if (answer.status !== 200) throw new Error(`the log answered ${answer.status}: ${answer.text}`);
  return (answer.body as { data: AuditEntry[] }).data;
}

export async function verify(reader: Client): Promise<Verification> {
  const answer = await reader.get('/v1/audit-events/verify');
  if (answer.status !== 200) throw new Error(`verify answered ${answer.status}: ${answer.text}`);
  return answer.body as Verification;
}

/** What came of the request with this id. */
export async function entriesOfRequest(reader: Client, requestId: string | null): Promise<AuditEntry[]> {
  return (await entriesOf(reader)).filter((entry) => entry.requestId === requestId);
}

/** Waits until the server has chained all that was written to the tenant's log, and recorded so. */
export async function settled(tenantId: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const [row] = await asOwner<{ open: boolean }>(
      `SELECT EXISTS (SELECT FROM {schema}.audit_pending) OR
              (SELECT max(sequence) FROM {schema}.audit_link) IS DISTINCT FROM
              (SELECT sequence FROM platform.audit_log WHERE log = $1) AS open`,
      [tenantId],
      tenantId,
    );
    if (!row!.open) return;
    await sleep(200);
  }
  throw new Error('the log was not chained in time');
}
