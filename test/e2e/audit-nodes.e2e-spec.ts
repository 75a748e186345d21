import { setTimeout as sleep } from 'node:timers/promises';
import { settled, verify, type Verification } from '../support/audit.js';
import { send } from '../support/client.js';
import { asOwner, besideShared } from '../support/database.js';
import { startServer, type RunningServer } from '../support/server.js';
import { unique, world, type TenantWorld } from '../support/world.js';

const WRITERS = 4;

describe('an audit log to which several nodes write', () => {
  let tenant: TenantWorld;
  const started: RunningServer[] = [];
  beforeEach(async () => {
    tenant = await world.tenant();
  });
  afterEach(async () => {
    for (const node of started.splice(0)) await node.stop();
  });

  async function node(): Promise<RunningServer> {
    const server = await startServer(await besideShared());
    started.push(server);
    return server;
  }

  /** Makes vendors one after the other until told to end, or until the server is gone; the ids of those acknowledged. */
  async function write(url: string, isOver: () => boolean): Promise<string[]> {
    const made: string[] = [];
    while (!isOver()) {
      const body = { name: unique('Vendor'), contactEmail: 'v@ringfence.test' };
      const answer = await send('POST', `${url}/v1/vendors`, { token: tenant.admin.token, body }).catch(
        () => undefined,
      );
      if (answer?.status !== 201) return made;
      made.push((answer.body as { id: string }).id);
    }
    return made;
  }

  /** Proves the log over and over while it is written; the answers that do not find it whole. */
  async function prove(isOver: () => boolean): Promise<Verification[]> {
    const found: Verification[] = [];
    while (!isOver()) found.push(...(await Promise.all([verify(tenant.admin), verify(tenant.admin)])));
    return found.filter(({ valid }) => !valid);
  }

  async function expectOneEntryEach(made: readonly string[]): Promise<void> {
    const rows = await asOwner<{ id: string; entries: number; links: number }>(
      `SELECT v.id, count(e.id)::int AS entries, count(l.sequence)::int AS links FROM {schema}.vendor v
         LEFT JOIN {schema}.audit_event e ON e.target_id = v.id::text AND e.action = 'sensitive_create'
         LEFT JOIN {schema}.audit_link l ON l.event_id = e.id GROUP BY v.id`,
      [],
      tenant.id,
    );
    expect(rows.filter(({ entries, links }) => entries !== 1 || links !== 1)).toEqual([]);
    const there = new Set(rows.map(({ id }) => id));
    expect(made.filter((id) => !there.has(id))).toEqual([]);
  }

  it('has each entry once, in one chain without gaps', async () => {
    const other = await node();
    let isOver = false;
    const writing = ['', other.url].flatMap((url) =>
      Array.from({ length: WRITERS }, () => write(url, () => isOver)),
    );
    const proving = prove(() => isOver);
    await sleep(2500);
    isOver = true;
    expect(await proving).toEqual([]);
    const made = (await Promise.all(writing)).flat();
    expect(made.length).toBeGreaterThan(WRITERS * 2);
    expect(await verify(tenant.admin)).toMatchObject({ valid: true });
    await settled(tenant.id);
    await expectOneEntryEach(made);
  });

  it('lacks nothing and has nothing twice when a node is killed while it writes and chains', async () => {
    for (const afterMs of [400, 700, 1000]) {
      const victim = await node();
      const writing = Array.from({ length: WRITERS }, () => write(victim.url, () => false));
      await sleep(afterMs);
      victim.process.kill('SIGKILL');
      const made = (await Promise.all(writing)).flat();
      expect(await verify(tenant.admin)).toMatchObject({ valid: true });
      await expectOneEntryEach(made);
    }
  });
});
