import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Client as PgClient } from 'pg';
import { AppModule } from '../../src/app.module.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { replaceProcessConfig } from '../../src/platform/config/config.module.js';
import { TenantDirectory } from '../../src/platform/tenancy/registry/tenant-directory.js';
import type { Tenant } from '../../src/platform/tenancy/registry/tenant.entity.js';
import { Client, serverUrl } from './client.js';
import { sharedDatabase } from './database.js';
import { world, type TenantWorld } from './world.js';

const AWKWARD = [
  'NULL',
  'null',
  '{a,b}',
  'quote " and \\ back',
  "it's",
  'ünï-☃-𝒳',
  ' ',
  '\u2028line',
  'tab\there',
];
const ROOT = resolve(__dirname, '../..');

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** The application beside the shared server, as the command line has it, and a look at the database as its owner. */
export class PortabilityHouse {
  readonly folder = mkdtempSync(join(tmpdir(), 'ringfence-portability-'));

  private constructor(
    readonly app: INestApplicationContext,
    readonly database: PgClient,
    readonly dataDir: string,
    readonly environment: Record<string, string>,
  ) {}

  static async open(): Promise<PortabilityHouse> {
    const { url, connection, dataDir } = await sharedDatabase();
    const environment = { DATA_DIR: dataDir };
    replaceProcessConfig({ ...loadConfig(environment), databaseUrl: url });
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    const database = new PgClient(connection);
    await database.connect();
    return new PortabilityHouse(app, database, dataDir, environment);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Exports over HTTP into a file. */
  async export(tenantId: string, name: string): Promise<string> {
    const { token } = await world.operator();
    const response = await fetch(new URL(`/v1/tenants/${tenantId}/export`, serverUrl()), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    });
    if (response.status !== 200) throw new Error(`export answered ${response.status}`);
    const path = this.path(name);
    await writeFile(path, Buffer.from(await response.arrayBuffer()));
    return path;
  }

  async schemaOf(slug: string): Promise<string | undefined> {
    const { rows } = await this.database.query<{ schema_name: string }>(
      'SELECT schema_name FROM platform.tenant WHERE slug = $1',
      [slug],
    );
    return rows[0]?.schema_name;
  }

  /** Every row of every table of the tenant, as PostgreSQL itself writes it; without what gives access. */
  async rowsOf(slug: string): Promise<Record<string, string[]>> {
    const schema = await this.schemaOf(slug);
    const { rows: tables } = await this.database.query<{ tablename: string }>(
      `SELECT tablename FROM pg_tables
        WHERE schemaname = $1 AND tablename <> ALL ('{session,invitation,account_token,pending_login,webauthn_challenge,migration,audit_event,audit_link,audit_pending}') ORDER BY 1`,
      [schema],
    );
    const all: Record<string, string[]> = {};
    for (const { tablename } of tables) {
      const { rows } = await this.database.query<{ row: string }>(
        `SELECT t::text AS row FROM "${schema}"."${tablename}" t ORDER BY 1`,
      );
      all[tablename] = rows.map(({ row }) => row);
    }
    return all;
  }

  /** The schemas of restores that are under way or were left behind. */
  async shadows(): Promise<string[]> {
    const { rows } = await this.database.query<{ name: string }>(
      `SELECT nspname AS name FROM pg_namespace WHERE obj_description(oid, 'pg_namespace') LIKE 'shadow of%'`,
    );
    return rows.map(({ name }) => name);
  }

  async registered(slug: string): Promise<Tenant> {
    return (await this.app.get(TenantDirectory).bySlug(slug))!;
  }

  /** A tenant with rows in each table, among them what is easily lost on the way. */
  async furnished(): Promise<TenantWorld> {
    const tenant = await world.tenant();
    const vendor = await tenant.vendor({ tags: ['plain', 'with space', 'ünï-☃'], legalName: null });
    const other = await tenant.vendor({ name: 'It\'s "NULL" \\ {a,b}' });
    const agent = await tenant.agent(vendor, { validUntil: '2031-02-03T04:05:06.789Z' });
    await tenant.agent(other, { capabilities: ['x', 'y'] });
    await tenant.user({ roles: ['viewer'] });
    await tenant.vendorUser(vendor);
    const schema = await this.schemaOf(tenant.slug);
    await this.database.query(`UPDATE "${schema}".vendor SET tags = $1 WHERE id = $2`, [AWKWARD, other.id]);
    for (const owner of [`/v1/vendors/${vendor.id}`, `/v1/agents/${agent.id}`]) {
      const { status } = await tenant.admin.upload(
        owner,
        'notes.txt',
        randomBytes(30_000).toString('base64'),
      );
      if (status !== 201) throw new Error(`upload answered ${status}`);
    }
    return tenant;
  }

  /** The content of each file, by its id. */
  async contentsOf(admin: Client): Promise<Record<string, string>> {
    const idsOf = async (path: string): Promise<string[]> =>
      ((await admin.get(path)).body as { data: { id: string }[] }).data.map(({ id }) => id);
    const owners = [
      ...(await idsOf('/v1/vendors')).map((id) => `vendors/${id}`),
      ...(await idsOf('/v1/agents')).map((id) => `agents/${id}`),
    ];
    const found: Record<string, string> = {};
    for (const owner of owners)
      for (const id of await idsOf(`/v1/${owner}/files`))
        found[id] = (await admin.get(`/v1/files/${id}/content`)).text;
    return found;
  }

  /** The first tenant's administrator, signed in to a tenant that was made of its archive. */
  async adminOf(slug: string, from: TenantWorld): Promise<Client> {
    const { stdout } = await this.run('token', '--tenant', slug, '--email', from.admin.me.email!, '--json');
    const { accessToken } = JSON.parse(stdout) as { accessToken: string };
    return Object.assign(Object.create(Client.prototype) as Client, { token: accessToken });
  }

  /** Runs `ringfence` on the shared server's data. */
  run(...args: string[]): Promise<Ran> {
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...this.environment };
    return new Promise((done) => {
      execFile(
        process.execPath,
        [join(ROOT, 'bin/ringfence.js'), ...args],
        { cwd: ROOT, env },
        (error, stdout, stderr) => {
          done({ code: error ? Number(error.code) : 0, stdout, stderr });
        },
      );
    });
  }

  async close(): Promise<void> {
    await this.database.end();
    await this.app.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
