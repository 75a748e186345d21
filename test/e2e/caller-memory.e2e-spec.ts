import { setTimeout as sleep } from 'node:timers/promises';
import { send } from '../support/client.js';
import { asOwner } from '../support/database.js';
import { world, type TenantWorld } from '../support/world.js';

/** PostgreSQL's backends tell their counts at most once a second. */
const TOLD_MS = 1500;

async function scansOf({ id }: TenantWorld): Promise<Record<string, number>> {
  const rows = await asOwner<{ table: string; scans: string }>(
    `SELECT relname AS table, coalesce(seq_scan, 0) + coalesce(idx_scan, 0) AS scans FROM pg_stat_user_tables
      WHERE schemaname = '{schema}'`,
    [],
    id,
  );
  return Object.fromEntries(rows.map(({ table, scans }) => [table, Number(scans)]));
}

describe('a caller who is known', () => {
  it('costs no query of sessions or accounts, however many requests they send', async () => {
    const tenant = await world.tenant();
    const ask = () => send('GET', '/v1/vendors', { token: tenant.admin.token });
    await ask();
    await sleep(TOLD_MS);
    const before = await scansOf(tenant);
    const REQUESTS = 200;
    for (let round = 0; round < REQUESTS / 20; round++) {
      const answers = await Promise.all(Array.from({ length: 20 }, ask));
      expect(answers.every(({ status }) => status === 200)).toBe(true);
    }
    let after = await scansOf(tenant);
    // What a backend counted it tells with its next statement.
    for (let tries = 0; tries < 10 && after.vendor! - before.vendor! < REQUESTS; tries++) {
      await sleep(TOLD_MS);
      await Promise.all(Array.from({ length: 8 }, ask));
      after = await scansOf(tenant);
    }
    // The measure is not blind: the same requests are seen on the table that they list.
    expect(after.vendor! - before.vendor!).toBeGreaterThanOrEqual(REQUESTS);
    // A busy machine may delay the feed now and then; each time that costs a few.
    expect(after.session! - before.session!).toBeLessThan(REQUESTS / 4);
    expect(after.user! - before.user!).toBeLessThan(REQUESTS / 4);
  });
});
