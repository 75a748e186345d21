/**
 * What the audit log costs: vendors made a second by 16 writers in one tenant, with the log and without, in turns on one
 * server each and one database. Needs `npm run build`; measures for about 40 seconds. Exits with 1 when the rate with the log is
 * below 75 % of the rate without. "Without" is the same program whose audit trail is told, by this bench alone, to do nothing.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { middle } from './figures.mjs';
import { newHome, ROOT, startServer } from './server.mjs';

const WRITERS = 16;
const ROUNDS = 4;
const ROUND_MS = 4000;
const BOUND = 0.75;
const PASSWORD = 'a pass phrase of this bench alone';

/** The server, in a process whose audit trail is put out of action when `without`. */
const PROGRAM = (without) => `
  const from = (path) => require(${JSON.stringify(join(ROOT, 'dist/src'))} + '/' + path);
  if (${without}) {
    const { AuditTrail } = from('platform/audit/audit-trail.js');
    AuditTrail.prototype.recordIn = async () => undefined;
    AuditTrail.prototype.record = async () => undefined;
  }
  from('serving/serve.js').serve();
`;

const home = newHome();

const start = (without, env) =>
  startServer(
    {
      DATA_DIR: join(home, 'data'),
      TENANT_REQUESTS_PER_MINUTE: '1000000',
      TENANT_VENDORS: '1000000',
      BOOTSTRAP_OPERATOR_EMAIL: 'operator@bench.test',
      BOOTSTRAP_OPERATOR_PASSWORD: PASSWORD,
      ...env,
    },
    ['-e', PROGRAM(without)],
  );

async function call(url, method, path, token, body) {
  const response = await fetch(url + path, {
    method,
    headers: { ...(token && { authorization: `Bearer ${token}` }), 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
  return text ? JSON.parse(text) : undefined;
}

const signIn = async (url, body) => (await call(url, 'POST', '/v1/auth/login', undefined, body)).accessToken;

/** Writes a second: each writer makes a vendor and changes it, one after the other. */
async function rate(url, token, forMs) {
  const begun = performance.now();
  let writes = 0;
  const write = async () => {
    while (performance.now() - begun < forMs) {
      const vendor = { name: `Vendor ${writes}`, contactEmail: 'vendor@bench.test', taxId: 'DE1' };
      const { id } = await call(url, 'POST', '/v1/vendors', token, vendor);
      await call(url, 'PATCH', `/v1/vendors/${id}`, token, { name: 'Changed' });
      writes += 2;
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
  return (1000 * writes) / (performance.now() - begun);
}

const load = () => readFileSync('/proc/loadavg', 'utf8').split(' ')[0];
const servers = [];

try {
  const audited = await start(false, {});
  servers.push(audited);
  const operator = await signIn(audited.url, { email: 'operator@bench.test', password: PASSWORD });
  const admin = { email: 'admin@bench.test', password: PASSWORD };
  await call(audited.url, 'POST', '/v1/tenants', operator, { slug: 'bench', name: 'Bench', admin });
  // A second server on the same database: the first has told where that is.
  const { host, port, user, password, database } = await connection();
  const url = `postgres://${user}:${password}@localhost/${database}?host=${encodeURIComponent(host)}&port=${port}`;
  const masterKey = readFileSync(join(home, 'data/master.key'), 'utf8').trim();
  const silent = await start(true, {
    DATABASE_URL: url,
    MASTER_KEY: masterKey,
    DATA_DIR: join(home, 'other'),
  });
  servers.push(silent);
  const token = await signIn(audited.url, { tenant: 'bench', ...admin });
  await rate(audited.url, token, 2000);
  await rate(silent.url, token, 2000);
  const rates = { with: [], without: [] };
  for (let round = 0; round < ROUNDS; round++) {
    // Whoever goes second meets larger tables, so they take turns in that as well.
    const order = round % 2 === 0 ? ['with', 'without'] : ['without', 'with'];
    for (const which of order)
      rates[which].push(await rate(which === 'with' ? audited.url : silent.url, token, ROUND_MS));
  }
  const tell = (which) => rates[which].map((value) => value.toFixed(0)).join(', ');
  const ratio = middle(rates.with) / middle(rates.without);
  const verified = await call(audited.url, 'GET', '/v1/audit-events/verify', token);
  console.log(`writes a second with the log:    ${tell('with')}`);
  console.log(`writes a second without:         ${tell('without')}`);
  console.log(
    `ratio of the middle ones:        ${(100 * ratio).toFixed(0)} % (bound: ${100 * BOUND} %), load ${load()}`,
  );
  console.log(`the log afterwards:              ${JSON.stringify(verified)}`);
  process.exitCode = ratio >= BOUND ? 0 : 1;
} finally {
  for (const server of servers.reverse()) await server.stop();
  rmSync(home, { recursive: true, force: true });
}

async function connection() {
  const { connectToRunning } = await import('./tenant-engine.mjs');
  return (await connectToRunning(join(home, 'data'))).connection;
}
