/**
 * What many tenants cost: making them, reading from them in turn, adding a column to all, and the server that starts with
 * them; each beside the same by hand, or beside one tenant, in the same run. Needs `npm run build`.
 *
 *   node bench/tenants.mjs [tenants = 200] [parts = 1,2,3,4] [seconds a part at most = 90]
 *
 * Without the parts 1 and 3 nothing is made by hand, which halves the time of making many.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { In } from 'typeorm';
import { middle, percent, rate, say, timed } from './figures.mjs';
import * as engine from './tenant-engine.mjs';
import { newHome } from './server.mjs';
import { mostConnections, postgresMemory, startServer, visit } from './tenant-server.mjs';

const [tenants = '200', chosen = '1,2,3,4', seconds = '90'] = process.argv.slice(2);
const TENANTS = Number(tenants);
const PARTS = new Set(chosen.split(','));
const PART_MS = Number(seconds) * 1000;
const PARALLEL = 4;
const READERS = 16;
const READ_MS = 2500;
const ROUNDS = 3;
const STARTS = 3;
const CHUNK = 50;
/** Over so many tenants the reads go round. */
const READ_TENANTS = 1000;
const ROWS = 10;
const EMAIL = 'admin@bench.test';
const PASSWORD = 'a pass phrase of this bench alone';

const home = newHome();
const dataDir = join(home, 'data');
const masterKey = engine.newMasterKey();
/** The same ten rows' keys in every tenant. */
const KEYS = Array.from({ length: ROWS }, (_, n) => `019a0000-0000-7000-8000-${String(n).padStart(12, '0')}`);
const VENDORS = `
  INSERT INTO vendor (id, name, contact_email, status, tags, version)
  SELECT id, 'Vendor ' || n, 'v' || n || '@bench.test', 'active', '{}', 1
    FROM unnest('{${KEYS}}'::uuid[]) WITH ORDINALITY AS k (id, n);
  INSERT INTO "user" (id, email, name, roles, password_hash, version)
  VALUES ('${KEYS[0]}', '${EMAIL}', 'Admin', '{tenant_admin}', '`;

/** With a PostgreSQL of its own, which the server can have afterwards. */
async function withEngine(work, steps = []) {
  const postgres = await engine.startEmbeddedPostgres({ dataDir, log: () => undefined });
  try {
    const opened = await engine.openEngine(postgres.connection, masterKey, steps);
    try {
      return await work(opened, postgres.connection);
    } finally {
      await opened.end();
    }
  } finally {
    await postgres.stop();
  }
}

const made = [];

async function create({ lifecycle }, count) {
  const end = made.length + count;
  let next = made.length;
  const work = async () => {
    while (next < end) {
      const slug = `tenant-${next++}`;
      made.push((await lifecycle.create({ slug, name: slug }, () => Promise.resolve())).tenant);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
}

/** By turns with the same by hand, so that other work on the machine hits both. */
async function makeAll(opened, hand) {
  const until = performance.now() + PART_MS;
  let [ours, byHand] = [0, 0];
  const before = made.length;
  const rates = [];
  while (made.length < TENANTS && performance.now() < until) {
    const count = Math.min(CHUNK, TENANTS - made.length);
    const begun = performance.now();
    ours += await timed(() => create(opened, count));
    if (hand) byHand += await timed(() => hand.make(count));
    const chunk = performance.now() - begun;
    rates.push(rate(count, hand ? chunk / 2 : chunk));
  }
  const count = made.length - before;
  say(
    `1. making ${count} tenants, ${PARALLEL} at a time`,
    `${rate(count, ours).toFixed(1)} tenants/s`,
    ...(hand
      ? [`by hand ${rate(count, byHand).toFixed(1)}/s`, `${(ours / byHand).toFixed(2)} x its time`]
      : []),
  );
  const tenth = Math.max(1, Math.floor(rates.length / 10));
  const [first, last] = [rates.slice(0, tenth), rates.slice(-tenth)].map(middle);
  say('   the first tenth and the last', `${first.toFixed(1)} tenants/s`, `${last.toFixed(1)} tenants/s`);
}

async function fill(connection, tenantsToFill, hash) {
  const client = new pg.Client(connection);
  await client.connect();
  for (const { schemaName } of tenantsToFill)
    await client.query(
      `BEGIN; SET LOCAL synchronous_commit = off; SET LOCAL search_path = "${schemaName}"; ${VENDORS}${hash}', 1); COMMIT`,
    );
  await client.query('ANALYZE');
  // Else the writing of what was just made goes on while the reads are measured.
  await client.query('CHECKPOINT');
  await client.end();
}

/** Reads a second: `read` for each of these in turn, many at a time; at least once for each when `all`. */
async function readsPerSecond(list, read, { all = false } = {}) {
  const begun = performance.now();
  const until = begun + READ_MS;
  let done = 0;
  const goOn = () =>
    all ? done < list.length && performance.now() < begun + PART_MS : performance.now() < until;
  const work = async () => {
    while (goOn()) {
      const rows = await read(list[done++ % list.length]);
      if (rows.length !== ROWS) throw new Error(`${rows.length} rows instead of ${ROWS}`);
    }
  };
  await Promise.all(Array.from({ length: READERS }, work));
  return rate(done, performance.now() - begun);
}

async function readAll({ context }, connection) {
  const pool = new pg.Pool({ ...connection, max: engine.POOL_SIZE });
  // PostgreSQL may end them before they have ended themselves.
  pool.on('error', () => undefined);
  const bound = (tenant) =>
    context.run(engine.bindingOf(tenant), () =>
      context.manager.getRepository(engine.Vendor).findBy({ id: In(KEYS) }),
    );
  const plain = async ({ schemaName }) =>
    (await pool.query(`SELECT * FROM "${schemaName}".vendor WHERE id = ANY ($1)`, [KEYS])).rows;
  const one = made.slice(0, 1);
  const many = made.slice(0, READ_TENANTS);
  const firstRound = await readsPerSecond(many, bound, { all: true });
  await readsPerSecond(many, plain, { all: true });
  await readsPerSecond(one, bound);
  const rates = { one: [], all: [], plainOne: [], plainAll: [] };
  for (let round = 0; round < ROUNDS; round++) {
    rates.one.push(await readsPerSecond(one, bound));
    rates.all.push(await readsPerSecond(many, bound));
    rates.plainOne.push(await readsPerSecond(one, plain));
    rates.plainAll.push(await readsPerSecond(many, plain));
  }
  await pool.end();
  const {
    one: single,
    all,
    plainOne,
    plainAll,
  } = Object.fromEntries(Object.entries(rates).map(([name, values]) => [name, middle(values)]));
  const told = (whose, here, there) =>
    say(
      `2. reads over ${many.length} of ${made.length} tenants, ${whose}`,
      `in turn ${here.toFixed(0)}/s`,
      `one tenant ${there.toFixed(0)}/s`,
      percent(here, there),
    );
  told('bound', all, single);
  told('by hand', plainAll, plainOne);
  say(
    '   bound against by hand',
    `in turn ${percent(all, plainAll)}`,
    `one tenant ${percent(single, plainOne)}`,
  );
  say('   the very first read of each tenant', `${firstRound.toFixed(0)}/s`);
}

async function addColumns(hand) {
  await withEngine(
    async ({ migrator, owner }, connection) => {
      await hand.connect(connection);
      await owner.blueprint();
      const before = await timed(() => hand.addColumn('bench_one'));
      let report;
      const ours = await timed(async () => (report = await migrator.migrate()));
      const after = await timed(() => hand.addColumn('bench_two'));
      const byHand = (before + after) / 2;
      const done = report.outcomes.filter(({ status }) => status === 'done').length;
      say(
        `3. a column for ${done} of ${report.planned} tenants`,
        `${(ours / 1000).toFixed(1)} s`,
        `by hand for ${hand.schemas.length} ${(byHand / 1000).toFixed(1)} s`,
        `${(ours / report.planned / (byHand / hand.schemas.length)).toFixed(2)} x its time`,
      );
      await hand.end();
    },
    [engine.stepOf(1, 'ALTER TABLE vendor ADD COLUMN bench text')],
  );
}

/** The middle of some starts, and the memory of the last after it served as many visits as there will be tenants. */
async function measureServer() {
  const starts = [];
  for (let n = 0; n < STARTS; n++) {
    const server = await startServer(dataDir, masterKey);
    try {
      starts.push(server.startMs);
      if (n < STARTS - 1) continue;
      await sleep(500);
      const atStart = server.rss();
      const work = { count: TENANTS, forMs: PART_MS / 3, email: EMAIL, password: PASSWORD };
      const slugs = made.map(({ slug }) => slug);
      const { result, most } = await mostConnections(dataDir, () => visit(server, slugs, work));
      const postgres = postgresMemory(dataDir);
      return { start: middle(starts), atStart, served: server.rss(), most, postgres, ...result };
    } finally {
      await server.stop();
    }
  }
}

const tellServer = ({ start, atStart, served, most, postgres, visits, tenants: seen }) =>
  say(
    `4. the server with ${made.length} tenant${made.length === 1 ? '' : 's'}`,
    `start ${(start / 1000).toFixed(2)} s`,
    `${atStart.toFixed(0)} MB`,
    `${served.toFixed(0)} MB after ${visits} visits to ${seen}`,
    `${most} connections of the tenants' logins at most (pool ${engine.POOL_SIZE})`,
    `PostgreSQL's processes ${postgres.toFixed(0)} MB of their own`,
  );

try {
  const hash = await engine.hashOf(PASSWORD, masterKey);
  await withEngine(async (opened, connection) => {
    await create(opened, 1);
    await fill(connection, made, hash);
  });
  const withOne = PARTS.has('4') ? await measureServer() : undefined;
  if (withOne) tellServer(withOne);
  const hand = await withEngine(async (opened, connection) => {
    const isCompared = PARTS.has('1') || PARTS.has('3');
    const byHand = isCompared ? await engine.ByHand.open(connection, opened.owner, PARALLEL) : undefined;
    await makeAll(opened, byHand);
    await byHand?.end();
    say(
      '   of the database, a tenant',
      `${((await engine.databaseSize(connection)) / made.length / 1024).toFixed(0)} KB`,
    );
    await fill(connection, made.slice(1), hash);
    if (PARTS.has('2')) await readAll(opened, connection);
    return byHand;
  });
  if (withOne) {
    const withAll = await measureServer();
    tellServer(withAll);
    say(
      '   more than with one',
      `start ${((withAll.start - withOne.start) / 1000).toFixed(2)} s`,
      `${(withAll.atStart - withOne.atStart).toFixed(0)} MB, ${(withAll.served - withOne.served).toFixed(0)} MB after the visits`,
    );
  }
  if (PARTS.has('3')) await addColumns(hand);
} finally {
  rmSync(home, { recursive: true, force: true });
}
