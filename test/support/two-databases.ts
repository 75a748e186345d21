import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execFile } from 'node:child_process';
import { Client as Postgres } from 'pg';
import { connectToRunning } from '../../src/platform/database/embedded-postgres.js';
import { Client, talkTo } from './client.js';
import { DatabaseProcess } from './database-process.js';
import { OPERATOR_EMAIL, OPERATOR_PASSWORD, startServer, type RunningServer } from './server.js';
import { TenantWorld, unique } from './world.js';

const ROOT = resolve(__dirname, '../..');
const PASSWORD = 'a long passphrase for the tests of placement';

export interface Ran {
  code: number;
  output: string;
}

/** A tenant, and the name of its schema. */
export type PlacedTenant = TenantWorld & { schema: string };

/** A server whose registry is on one PostgreSQL, and a second PostgreSQL named `east` on which tenants may live. */
export class TwoDatabases {
  operator!: Client;
  private running: RunningServer | undefined;
  private database: DatabaseProcess;

  private constructor(
    private readonly folder: string,
    database: DatabaseProcess,
    readonly eastUrl: string,
  ) {
    this.database = database;
  }

  /** The second PostgreSQL alone; `serve` starts the server. */
  static async open(): Promise<TwoDatabases> {
    const folder = mkdtempSync(join(tmpdir(), 'ringfence-two-'));
    // PostgreSQL runs under an account of its own, which must reach the folders below.
    chmodSync(folder, 0o711);
    const database = DatabaseProcess.start(join(folder, 'east'));
    const { url, host, error } = await database.started;
    if (url === undefined || host === undefined)
      throw new Error(`the second PostgreSQL did not start: ${error?.message}`);
    // The folder of the socket is another one after each start; what the server is told stays the same.
    const address = join(folder, 'socket');
    symlinkSync(host, address);
    const eastUrl = url.replace(encodeURIComponent(host), encodeURIComponent(address));
    return new TwoDatabases(folder, database, eastUrl);
  }

  get server(): RunningServer {
    if (!this.running) throw new Error('the server does not run');
    return this.running;
  }

  get environment(): Record<string, string> {
    return { DATA_DIR: join(this.folder, 'main'), TENANT_DATABASES: `east=${this.eastUrl}` };
  }

  async serve(env: Record<string, string> = {}): Promise<void> {
    this.running = await startServer({ ...this.environment, ...env });
    talkTo(this.running);
    this.operator = await Client.signIn({ email: OPERATOR_EMAIL, password: OPERATOR_PASSWORD });
  }

  async tenant(database?: string): Promise<PlacedTenant> {
    const slug = unique('placed');
    const admin = { email: `${slug}@ringfence.test`, password: PASSWORD };
    const made = await this.operator.create('/v1/tenants', {
      slug,
      name: slug,
      admin,
      ...(database !== undefined && { database }),
    });
    const world = new TenantWorld(made.id, slug, await Client.signIn({ tenant: slug, ...admin }));
    const [row] = await this.onMain<{ name: string }>(
      'SELECT schema_name AS name FROM platform.tenant WHERE id = $1',
      [made.id],
    );
    return Object.assign(world, { schema: row!.name });
  }

  signIn({ slug }: TenantWorld): Promise<Client> {
    return Client.signIn({ tenant: slug, email: `${slug}@ringfence.test`, password: PASSWORD });
  }

  /** As the owner of the registry's database. */
  async onMain<Row extends Record<string, unknown>>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return ask((await connectToRunning(join(this.folder, 'main')))!.connection, sql, values);
  }

  /** As the owner of the other one. */
  async onEast<Row extends Record<string, unknown>>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return ask((await connectToRunning(join(this.folder, 'east')))!.connection, sql, values);
  }

  /** How many schemas of that name there are on either. */
  async placesOf(schema: string): Promise<{ main: number; east: number }> {
    const sql = 'SELECT count(*)::int AS count FROM pg_namespace WHERE nspname = $1';
    const [main] = await this.onMain<{ count: number }>(sql, [schema]);
    const [east] = await this.onEast<{ count: number }>(sql, [schema]);
    return { main: main!.count, east: east!.count };
  }

  /** As if the machine had lost its power: no session is told. */
  async killEast(): Promise<void> {
    const [pid] = readFileSync(join(this.folder, 'east/postgres/postmaster.pid'), 'utf8').split('\n');
    process.kill(Number(pid), 'SIGQUIT');
    await this.database.kill();
  }

  async stopEast(): Promise<void> {
    await this.database.stop();
  }

  async startEast(): Promise<void> {
    this.database = DatabaseProcess.start(join(this.folder, 'east'));
    const { host, error } = await this.database.started;
    if (host === undefined) throw new Error(error?.message);
    unlinkSync(join(this.folder, 'socket'));
    symlinkSync(host, join(this.folder, 'socket'));
  }

  /** Runs `ringfence` beside the server. */
  run(...args: string[]): Promise<Ran> {
    return new Promise((done) => {
      execFile(...this.command(args), (error, stdout, stderr) => {
        done({ code: error ? Number(error.code) : 0, output: stdout + stderr });
      });
    });
  }

  /** The same, to be killed in the middle. */
  begin(...args: string[]): { end(): Promise<void> } {
    const child = execFile(...this.command(args));
    const ended = new Promise<void>((done) => child.once('exit', () => done()));
    return {
      end: () => {
        child.kill('SIGKILL');
        return ended;
      },
    };
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  private command(args: string[]): [string, string[], { cwd: string; env: NodeJS.ProcessEnv }] {
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, NODE_ENV: 'test', BCRYPT_COST: '4', ...this.environment };
    return [process.execPath, [join(ROOT, 'bin/ringfence.js'), ...args], { cwd: ROOT, env }];
  }

  async close(): Promise<void> {
    await this.running?.stop();
    await this.database.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function ask<Row extends Record<string, unknown>>(
  connection: object,
  sql: string,
  values: unknown[],
): Promise<Row[]> {
  const client = new Postgres(connection);
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

/** Waits as long as the test may take. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(200);
}
