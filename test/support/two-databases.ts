import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client as Postgres } from 'pg';
import { connectToRunning } from '../../src/platform/database/embedded-postgres.js';
import { Client, talkTo } from './client.js';
import { asOwner, besideShared, sharedDatabase } from './database.js';
import { DatabaseProcess } from './database-process.js';
import { ResidentCommand, type Ran } from './resident-command.js';
import { OPERATOR_EMAIL, OPERATOR_PASSWORD, startServer, type RunningServer } from './server.js';
import { TenantWorld, unique } from './world.js';

const ROOT = resolve(__dirname, '../..');
const PASSWORD = 'a long passphrase for the tests of placement';

/** A tenant, and the name of its schema. */
export type PlacedTenant = TenantWorld & { schema: string };

/**
 * A server whose registry is in a database of the PostgreSQL that all test files share, and a second PostgreSQL named
 * `east` on which tenants may live.
 */
export class TwoDatabases {
  operator!: Client;
  private running: RunningServer | undefined;
  private readonly resident: ResidentCommand;

  private constructor(
    private readonly folder: string,
    private database: DatabaseProcess,
    /** Name of the registry's database. */
    private readonly main: string,
    readonly environment: Readonly<Record<string, string>>,
  ) {
    this.resident = new ResidentCommand(this.commandEnvironment);
  }

  /** The second PostgreSQL alone; `serve` starts the server. */
  static async open(): Promise<TwoDatabases> {
    const folder = mkdtempSync(join(tmpdir(), 'ringfence-two-'));
    // PostgreSQL runs under an account of its own, which must reach the folders below.
    chmodSync(folder, 0o711);
    const database = DatabaseProcess.start(join(folder, 'east'));
    const main = `two_${randomBytes(6).toString('hex')}`;
    await asOwner(`CREATE DATABASE ${main}`);
    const { url, host, error } = await database.started;
    if (url === undefined || host === undefined)
      throw new Error(`the second PostgreSQL did not start: ${error?.message}`);
    // The folder of the socket is another one after each start; what the server is told stays the same.
    const address = join(folder, 'socket');
    symlinkSync(host, address);
    const eastUrl = url.replace(encodeURIComponent(host), encodeURIComponent(address));
    return new TwoDatabases(folder, database, main, {
      ...(await besideShared(main)),
      DATA_DIR: join(folder, 'main'),
      TENANT_DATABASES: `east=${eastUrl}`,
    });
  }

  get server(): RunningServer {
    if (!this.running) throw new Error('the server does not run');
    return this.running;
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
    return ask({ ...(await sharedDatabase()).connection, database: this.main }, sql, values);
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
    return this.resident.run(args);
  }

  /** The same in a process of its own, which may be killed in the middle. */
  begin(...args: string[]): { ended: Promise<number | null>; kill(): void } {
    const child = execFile(process.execPath, [join(ROOT, 'bin/ringfence.js'), ...args], {
      cwd: ROOT,
      env: this.commandEnvironment,
    });
    const ended = once(child, 'exit').then(([code]) => code as number | null);
    return { ended, kill: () => void child.kill('SIGKILL') };
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  private get commandEnvironment(): NodeJS.ProcessEnv {
    const { PATH, HOME } = process.env;
    return { PATH, HOME, NODE_ENV: 'test', BCRYPT_COST: '4', ...this.environment };
  }

  async close(): Promise<void> {
    await this.running?.stop();
    await this.resident.stop();
    await this.database.stop();
    await asOwner(`DROP DATABASE ${this.main} WITH (FORCE)`);
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
