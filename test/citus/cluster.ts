import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client as Postgres, type QueryResultRow } from 'pg';
import { connectionFromUrl } from '../../src/platform/database/database-connection.js';
import { Client, talkTo } from '../support/client.js';
import { OPERATOR_EMAIL, OPERATOR_PASSWORD, startServer, type RunningServer } from '../support/server.js';
import { TenantWorld, unique } from '../support/world.js';

const ROOT = resolve(__dirname, '../..');
const PASSWORD = 'a long passphrase for the tests of citus';
/** The same in each run, since the database remains with what is sealed in it. */
const MASTER_KEY = Buffer.alloc(32, 'citus').toString('base64');

export interface Node {
  host: string;
  port: number;
}

export type ShardedTenant = TenantWorld & { schema: string };

/** The real server before a Citus cluster, in whose database it leaves the registry, but no tenants. */
export class Cluster {
  operator!: Client;
  private running: RunningServer | undefined;
  private readonly made: ShardedTenant[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'ringfence-citus-'));
  readonly environment: Readonly<Record<string, string>>;

  constructor(private readonly url: string) {
    const dataDir = join(this.folder, 'data');
    this.environment = { DATABASE_URL: url, DATABASE_ENGINE: 'citus', MASTER_KEY, DATA_DIR: dataDir };
  }

  get server(): RunningServer {
    if (!this.running) throw new Error('the server does not run');
    return this.running;
  }

  async serve(): Promise<void> {
    this.running = await startServer(this.environment);
    talkTo(this.running);
    this.operator = await Client.signIn({ email: OPERATOR_EMAIL, password: OPERATOR_PASSWORD });
  }

  async tenant(): Promise<ShardedTenant> {
    const slug = unique('sharded');
    const admin = { email: `${slug}@ringfence.test`, password: PASSWORD };
    const { id } = await this.operator.create('/v1/tenants', { slug, name: slug, admin });
    const world = new TenantWorld(id, slug, await Client.signIn({ tenant: slug, ...admin }));
    const tenant = Object.assign(world, { schema: await this.schemaOf(slug) });
    this.made.push(tenant);
    return tenant;
  }

  signIn({ slug }: TenantWorld): Promise<Client> {
    return Client.signIn({ tenant: slug, email: `${slug}@ringfence.test`, password: PASSWORD });
  }

  async schemaOf(slug: string): Promise<string> {
    const [row] = await this.ask<{ name: string }>(
      'SELECT schema_name AS name FROM platform.tenant WHERE slug = $1',
      [slug],
    );
    return row!.name;
  }

  /** All nodes that may have tables. */
  nodes(): Promise<Node[]> {
    return this.ask<Node>(
      `SELECT nodename AS host, nodeport AS port FROM pg_dist_node
        WHERE noderole = 'primary' AND shouldhaveshards ORDER BY nodeid`,
    );
  }

  /** The nodes that have tables of the schema. */
  placesOf(schema: string): Promise<Node[]> {
    return this.ask<Node>(
      `SELECT DISTINCT nodename AS host, nodeport AS port FROM citus_shards
        WHERE table_name::text LIKE $1 || '.%'`,
      [schema],
    );
  }

  /** Moves the schema; with `force_logical` it is written to meanwhile. */
  async move(schema: string, { host, port }: Node, how: 'block_writes' | 'force_logical'): Promise<void> {
    await this.ask('SELECT citus_schema_move($1::regnamespace, $2, $3, $4)', [schema, host, port, how]);
  }

  /** As if the node were down: it ends all sessions and lets nobody in. */
  async takeAway(node: Node): Promise<void> {
    const { database } = connectionFromUrl(this.url);
    await this.ask(`ALTER DATABASE "${database}" ALLOW_CONNECTIONS false`, [], node, 'postgres');
    await this.ask(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1',
      [database],
      node,
      'postgres',
    );
  }

  async bringBack(node: Node): Promise<void> {
    const { database } = connectionFromUrl(this.url);
    await this.ask(`ALTER DATABASE "${database}" ALLOW_CONNECTIONS true`, [], node, 'postgres');
  }

  /** As the owner, on the coordinator unless a node is named. */
  async ask<Row extends QueryResultRow>(
    sql: string,
    values: unknown[] = [],
    node?: Node,
    database?: string,
  ): Promise<Row[]> {
    const client = new Postgres({ ...connectionFromUrl(this.url), ...node, ...(database && { database }) });
    await client.connect();
    try {
      return (await client.query<Row>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** Runs `ringfence` beside the server. */
  run(...args: string[]): Promise<{ code: number; output: string }> {
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, NODE_ENV: 'test', BCRYPT_COST: '4', ...this.environment };
    return new Promise((done) => {
      execFile(
        process.execPath,
        [join(ROOT, 'bin/ringfence.js'), ...args],
        { cwd: this.folder, env },
        (error, stdout, stderr) => {
          done({ code: error ? Number(error.code) : 0, output: stdout + stderr });
        },
      );
    });
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  async close(): Promise<void> {
    for (const { id, slug } of this.made) await this.operator.delete(`/v1/tenants/${id}?confirm=${slug}`);
    await this.running?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
