/**
 * What keeping statements prepared gains, and what it costs: one row by its id, over one tenant and over many in turn,
 * with and without names, beside the same by hand in the same run; then the same over HTTP. Needs `npm run build`.
 *
 *   node bench/statements.mjs [tenants = 100] [names a connection keeps at most = 256]
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import pg from 'pg';
import { middle, rate, say } from './figures.mjs';
import * as engine from './tenant-engine.mjs';
import { newHome } from './server.mjs';
import { startServer } from './tenant-server.mjs';

const [tenants = '100', names = '256'] = process.argv.slice(2);
const TENANTS = Number(tenants);
const NAMES = Number(names);
const PARALLEL = 16;
const READ_MS = 2000;
const ROUNDS = 5;
const ID = '019a0000-0000-7000-8000-000000000000';
const EMAIL = 'admin@bench.test';
const PASSWORD = 'a pass phrase of this bench alone';
const MEBIBYTE = 1_048_576;

const home = newHome();
const dataDir = join(home, 'data');
const masterKey = engine.newMasterKey();

async function make(opened, connection) {
  const hash = await engine.hashOf(PASSWORD, masterKey);
  const made = [];
  const work = async () => {
    while (made.length < TENANTS) {
      const slug = `tenant-${made.push(undefined) - 1}`;
      const { tenant } = await opened.lifecycle.create({ slug, name: slug }, () => Promise.resolve());
      made[Number(slug.slice(7))] = tenant;
    }
  };
  await Promise.all([1, 2, 3, 4].map(work));
  const client = new pg.Client(connection);
  await client.connect();
  for (const { schemaName } of made)
    await client.query(`
      BEGIN; SET LOCAL search_path = "${schemaName}";
      INSERT INTO vendor (id, name, contact_email, status, tags, version) VALUES ('${ID}', 'Vendor', 'v@bench.test', 'active', '{}', 1);
      INSERT INTO "user" (id, email, name, roles, password_hash, version)
      VALUES ('${ID}', '${EMAIL}', 'Admin', '{tenant_admin}', '${hash}', 1); COMMIT`);
  await client.query('ANALYZE');
  await client.end();
  return made;
}

/** How many a second, of `read` for each of the list in turn, many at a time. */
async function perSecond(list, read) {
  const begun = performance.now();
  let done = 0;
  const work = async () => {
    while (performance.now() < begun + READ_MS) await read(list[done++ % list.length]);
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return rate(done, performance.now() - begun);
}

/** The middle of some rounds, by turns, so that other work on the machine hits all ways alike; in the order of `ways`. */
async function compare(what, list, ways) {
  const rates = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
  for (const read of Object.values(ways)) for (let n = 0; n < 3; n++) for (const one of list) await read(one);
  for (let round = 0; round < ROUNDS; round++)
    for (const [way, read] of Object.entries(ways)) rates[way].push(await perSecond(list, read));
  const floor = middle(Object.values(rates)[0]);
  for (const [way, each] of Object.entries(rates)) {
    const ofWay = middle(each);
    say(`${what}, ${way}`, `${ofWay.toFixed(0)}/s`, `${(ofWay / floor).toFixed(2)} of the first`);
  }
}

/** What the prepared statements of a backend weigh, from its own account of its memory. */
async function weigh(connection, made) {
  const client = new pg.Client(connection);
  await client.connect();
  const used = async () =>
    Number(
      (
        await client.query(
          `SELECT sum(used_bytes) AS bytes FROM pg_backend_memory_contexts WHERE name IN ('CachedPlan', 'CachedPlanSource', 'CachedPlanQuery')`,
        )
      ).rows[0].bytes ?? 0,
    );
  const before = await used();
  const some = made.slice(0, 50);
  for (const { schemaName } of some) {
    const text = `SELECT v.*, u.* FROM "${schemaName}".vendor v LEFT JOIN "${schemaName}"."user" u ON u.id = v.id WHERE v.id = $1`;
    for (let n = 0; n < 8; n++) await client.query({ name: schemaName, text, values: [ID] });
  }
  const each = ((await used()) - before) / some.length;
  say('a prepared statement with its plan', `${(each / 1024).toFixed(0)} kB`);
  say(`… times ${NAMES} names`, `${((each * NAMES) / MEBIBYTE).toFixed(1)} MB a backend`);
  await client.end();
}

async function overEngine(connection, opened, made) {
  const bare = new pg.Pool({ ...connection, max: engine.POOL_SIZE });
  bare.on('error', () => undefined);
  const kept = await engine.openEngine(connection, masterKey, [], NAMES);
  const text = ({ schemaName }) => `SELECT * FROM "${schemaName}".vendor WHERE id = $1`;
  const through =
    ({ context }) =>
    (tenant) =>
      context.run(engine.bindingOf(tenant), () =>
        context.manager.getRepository(engine.Vendor).findOneBy({ id: ID }),
      );
  const leased =
    ({ pool }) =>
    async (tenant) => {
      const [client, release] = await pool.lease(engine.bindingOf(tenant));
      await client.query('SELECT * FROM "__tenant__".vendor WHERE id = $1', [ID]);
      release();
    };
  const ways = {
    'by hand, no binding': (tenant) => bare.query(text(tenant), [ID]),
    'by hand, named': (tenant) => bare.query({ name: tenant.schemaName, text: text(tenant), values: [ID] }),
    'bound connection, no names': leased(opened),
    'bound connection, names': leased(kept),
    'repository, no names': through(opened),
    'repository, names': through(kept),
  };
  await compare('1 tenant', made.slice(0, 1), ways);
  await compare(`${made.length} tenants in turn`, made, ways);
  await weigh(connection, made);
  await bare.end();
  await kept.end();
}

async function overHttp(made) {
  const ways = {};
  const servers = [];
  const signIn = async ({ url }, { slug }) => {
    const answer = await fetch(`${url}/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tenant: slug, email: EMAIL, password: PASSWORD }),
    });
    return (await answer.json()).accessToken;
  };
  // One cluster serves both, so the first server owns it and the second connects to it.
  for (const [way, limit] of [
    ['no names', 0],
    ['names', NAMES],
  ]) {
    const owner = servers.length === 0 ? {} : await engine.asDatabaseUrl(dataDir);
    const server = await startServer(dataDir, masterKey, { DB_NAMED_STATEMENTS: String(limit), ...owner });
    servers.unshift(server);
    const tokens = new Map();
    for (const tenant of made) tokens.set(tenant, await signIn(server, tenant));
    ways[way] = async (tenant) => {
      const answer = await fetch(`${server.url}/v1/vendors/${ID}`, {
        headers: { authorization: `Bearer ${tokens.get(tenant)}` },
      });
      if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
      await answer.arrayBuffer();
    };
  }
  try {
    await compare('HTTP, 1 tenant', made.slice(0, 1), ways);
    await compare(`HTTP, ${made.length} tenants in turn`, made, ways);
  } finally {
    for (const server of servers) await server.stop();
  }
}

try {
  const postgres = await engine.startEmbeddedPostgres({ dataDir, log: () => undefined });
  let made;
  try {
    const opened = await engine.openEngine(postgres.connection, masterKey, [], 0);
    made = await make(opened, postgres.connection);
    await overEngine(postgres.connection, opened, made);
    await opened.end();
  } finally {
    await postgres.stop();
  }
  await overHttp(made);
} finally {
  rmSync(home, { recursive: true, force: true });
}
