import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { connectToRunning } from '../../src/platform/database/embedded-postgres.js';
import { postgresProcessesIn } from '../../src/platform/database/process-table.js';
import { DatabaseProcess, type Started } from '../support/database-process.js';

const NOBODY = { uid: 65534, gid: 65534 };

describe('The embedded PostgreSQL', () => {
  let root: string;
  let dataDir: string;
  const running: DatabaseProcess[] = [];

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'embedded-postgres-'));
    dataDir = join(root, 'data');
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.stop()));
    expect(await postgresProcessesIn(join(dataDir, 'postgres'))).toEqual([]);
    rmSync(root, { recursive: true, force: true });
  });

  function launch(user?: { uid: number; gid: number }, folder = dataDir): DatabaseProcess {
    const launched = DatabaseProcess.start(folder, user);
    running.push(launched);
    return launched;
  }

  async function serve(user?: { uid: number; gid: number }): Promise<DatabaseProcess & { facts: Started }> {
    const launched = launch(user);
    const facts = await launched.started;
    expect(facts.error).toBeUndefined();
    return Object.assign(launched, { facts });
  }

  async function ask(url: string | undefined, sql: string): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  const postmasterPid = (): number =>
    Number(readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);

  it('makes a cluster with checksums, a private socket and no port', async () => {
    const { facts } = await serve();

    const [settings] = await ask(
      facts.url,
      `SELECT lower('ÄÉ') AS lower, current_setting('listen_addresses') AS addresses, current_database() AS name,
              current_setting('data_checksums') AS checksums, current_setting('fsync') AS fsync`,
    );
    expect(settings).toEqual({ lower: 'äé', addresses: '', name: 'ringfence', checksums: 'on', fsync: 'on' });
    expect(statSync(facts.host ?? '').mode & 0o777).toBe(0o700);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dataDir, 'postgres.password')).mode & 0o777).toBe(0o600);
    await expect(ask(facts.url?.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(/password/);
    const password = readFileSync(join(dataDir, 'postgres.password'), 'utf8').trim();
    expect(readFileSync(join(dataDir, 'postgres.log'), 'utf8')).not.toContain(password);
  });

  it('keeps the data and starts again within two seconds', async () => {
    const first = await serve();
    await ask(first.facts.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const stopping = Date.now();
    await first.stop();
    expect(Date.now() - stopping).toBeLessThan(5000);

    const starting = Date.now();
    const second = await serve();
    expect(Date.now() - starting).toBeLessThan(2000);
    expect(await ask(second.facts.url, 'SELECT * FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('tells another process how to connect, but only while it serves', async () => {
    expect(await connectToRunning(dataDir)).toBeNull();
    const server = await serve();
    const found = await connectToRunning(dataDir);
    expect(await ask(found?.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await server.stop();
    expect(await connectToRunning(dataDir)).toBeNull();
  });

  it('refuses a second process with one line and leaves the first alone', async () => {
    const first = await serve();

    const { error } = await launch().started;

    expect(error?.name).toBe('DatabaseInUseError');
    expect(error?.message).toContain(`(process ${first.process.pid})`);
    expect(error?.message).not.toContain('\n');
    expect(await ask(first.facts.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('lets exactly one of several that start at once serve', async () => {
    const all = [launch(), launch(), launch()];

    const outcomes = await Promise.all(all.map((each) => each.started));

    expect(outcomes.filter((each) => each.url)).toHaveLength(1);
    expect(outcomes.filter((each) => each.error?.name === 'DatabaseInUseError')).toHaveLength(2);
  });

  it('takes over the PostgreSQL that a killed process left running', async () => {
    const first = await serve();
    await ask(first.facts.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.kill();
    const orphan = postmasterPid();
    expect(await postgresProcessesIn(join(dataDir, 'postgres'))).toContain(orphan);
    expect(await connectToRunning(dataDir)).toBeNull();

    const second = await serve();

    expect(second.facts.lines).toEqual([expect.stringContaining('left behind')]);
    expect(postmasterPid()).not.toBe(orphan);
    expect(await ask(second.facts.url, 'SELECT * FROM kept')).toEqual([{ answer: 42 }]);
    if (first.facts.host !== second.facts.host) expect(existsSync(first.facts.host ?? '')).toBe(false);
  });

  it('recovers when both were killed, even if the process id now belongs to a stranger', async () => {
    const first = await serve();
    await ask(first.facts.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.kill();
    process.kill(postmasterPid(), 'SIGKILL');
    while ((await postgresProcessesIn(join(dataDir, 'postgres'))).length > 0) await sleep(50);
    const pidFile = join(dataDir, 'postgres/postmaster.pid');
    writeFileSync(pidFile, readFileSync(pidFile, 'utf8').replace(/^\d+/, String(process.pid)));

    const second = await serve();

    expect(await ask(second.facts.url, 'SELECT * FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('stops PostgreSQL when an exception ends the process', async () => {
    const server = await serve();
    await server.crash();
    const deadline = Date.now() + 5000;
    while (Date.now() < deadline && (await postgresProcessesIn(join(dataDir, 'postgres'))).length > 0)
      await sleep(50);
    expect(await postgresProcessesIn(join(dataDir, 'postgres'))).toEqual([]);
    // Starts again, which also clears away what the exception left.
    await serve();
  });

  it('never takes a half-made cluster for a whole one', async () => {
    const first = launch();
    const drafts = async (): Promise<string[]> =>
      (await readdir(dataDir).catch(() => [])).filter((name) => name.startsWith('initdb-'));
    const hasBegun = async (): Promise<boolean> => {
      const [draft] = await drafts();
      return draft !== undefined && existsSync(join(dataDir, draft, 'cluster', 'PG_VERSION'));
    };
    while (!(await hasBegun())) await sleep(5);
    await first.kill();
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false);

    const second = await serve();

    expect(await drafts()).toEqual([]);
    expect(await ask(second.facts.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('says in one line why PostgreSQL does not start', async () => {
    await (await serve()).stop();
    writeFileSync(join(dataDir, 'postgres/postgresql.auto.conf'), 'nonsense = 1\n');

    const { error } = await launch().started;

    expect(error?.message).toMatch(/^The embedded PostgreSQL did not start: .*(FATAL|nonsense).*$/);
  });

  it('serves from a folder too deep for the name of a socket', async () => {
    dataDir = join(root, 'd'.repeat(80), 'é'.repeat(40), "it's here");
    const { facts } = await serve();
    expect(await ask(facts.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await running[0]?.stop();
    expect(existsSync(facts.host ?? '')).toBe(false);
  });

  if (process.getuid?.() !== 0) return;

  it('serves root below a folder that nobody else may enter', async () => {
    const closed = join(root, 'closed');
    await mkdir(closed, { mode: 0o700 });
    dataDir = join(closed, 'data');
    const { facts } = await serve();
    expect(await ask(facts.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(statSync(join(dataDir, 'postgres')).uid).not.toBe(0);
  });

  // Another user must be able to load the code under test, which a clone below /root does not allow.
  const parents = (path: string): string[] =>
    path === '/' ? [] : [dirname(path), ...parents(dirname(path))];
  const isPublic = [...parents(__filename), ...parents(process.execPath)].every(
    (each) => statSync(each).mode & 1,
  );

  if (!isPublic) return;

  it('serves a plain user, and root after that', async () => {
    chmodSync(root, 0o777);
    const first = await serve(NOBODY);
    expect(await ask(first.facts.url, 'CREATE TABLE kept AS SELECT 42 AS answer')).toEqual([]);
    expect(first.facts.host).toContain(root);
    await first.stop();

    const second = await serve();
    expect(await ask(second.facts.url, 'SELECT * FROM kept')).toEqual([{ answer: 42 }]);
  });
});
