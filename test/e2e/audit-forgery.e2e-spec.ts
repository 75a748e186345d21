import { settled, verify } from '../support/audit.js';
import { runCommand } from '../support/command.js';
import { asOwner } from '../support/database.js';
import { world, type TenantWorld } from '../support/world.js';

interface Known {
  sequence: number;
  hash: string;
  checkpoint: string;
}

/** What somebody with all rights on the database does who also covers up for it, as far as that goes without the log's key. */
describe('an audit log that somebody with all rights on the database has written to', () => {
  let tenant: TenantWorld;
  beforeEach(async () => {
    tenant = await world.tenant();
    await write(4);
  });

  async function write(vendors: number): Promise<void> {
    for (let n = 0; n < vendors; n++) await tenant.vendor();
    await verify(tenant.admin);
    await settled(tenant.id);
  }
  const sql = <T>(text: string, parameters: unknown[] = []): Promise<T[]> =>
    asOwner<T & object>(text, parameters, tenant.id);
  async function known(): Promise<Known> {
    const [row] = await sql<Known>(
      'SELECT sequence::int, hash, checkpoint FROM platform.audit_log WHERE log = $1',
      [tenant.id],
    );
    return row!;
  }
  const falsify = (place: number) =>
    sql(
      `UPDATE {schema}.audit_event SET outcome = 'denied'
        WHERE id = (SELECT event_id FROM {schema}.audit_link WHERE sequence = $1)`,
      [place],
    );

  it('does not pass for pruned when its beginning was removed, not even with a signed statement of that place', async () => {
    const { sequence, hash, checkpoint } = await known();
    await write(2);
    await sql(
      'DELETE FROM {schema}.audit_event WHERE id IN (SELECT event_id FROM {schema}.audit_link WHERE sequence <= $1)',
      [sequence],
    );
    await sql('DELETE FROM {schema}.audit_link WHERE sequence <= $1', [sequence]);
    await sql(
      'UPDATE platform.audit_log SET base_sequence = $2, base_hash = $3, base_checkpoint = $4 WHERE log = $1',
      [tenant.id, sequence, hash, checkpoint],
    );
    expect(await verify(tenant.admin)).toMatchObject({
      valid: false,
      firstBad: sequence + 1,
      fault: 'beginning_missing',
    });
  });

  it('is not signed for when it is handed out', async () => {
    await falsify(3);
    await expect(tenant.admin.get('/v1/audit-events/stream')).rejects.toThrow();
  });

  it('is not pruned, which would remove the trace', async () => {
    await falsify(2);
    const command = await runCommand('audit', 'prune', '--tenant', tenant.slug, '--older-than', '0');
    expect(command.code).toBe(1);
    expect(await verify(tenant.admin)).toMatchObject({ valid: false, firstBad: 2, fault: 'entry_changed' });
  });

  it('is not built upon, nor signed, when its end and what the registry knows of it were exchanged together', async () => {
    const { sequence, checkpoint } = await known();
    const forged = 'f'.repeat(64);
    await sql('UPDATE {schema}.audit_link SET hash = $2 WHERE sequence = $1', [sequence, forged]);
    await sql('UPDATE platform.audit_log SET hash = $2 WHERE log = $1', [tenant.id, forged]);
    await tenant.vendor();
    expect(await verify(tenant.admin)).toMatchObject({
      valid: false,
      firstBad: sequence,
      fault: 'link_changed',
    });
    expect(await known()).toEqual({ sequence, hash: forged, checkpoint });
  });

  it('goes on when it was told that a chained entry waits for its place', async () => {
    await sql('INSERT INTO {schema}.audit_pending SELECT event_id FROM {schema}.audit_link');
    await tenant.vendor();
    await settled(tenant.id);
    expect(await verify(tenant.admin)).toMatchObject({ valid: true });
    expect(await sql('SELECT id FROM {schema}.audit_pending')).toEqual([]);
  });
});
