/**
 * What signing in tells by its time, and what a storm of it costs the others, on one server with a database of its own and a real
 * cost of bcrypt. Needs `npm run build`; takes about a minute on two idle cores. Exits with 1 when a bound is passed.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { middle, percent, say } from './figures.mjs';
import { newHome, startServer } from './server.mjs';

const PASSWORD = 'a pass phrase of this bench alone';
const OPERATOR = { email: 'operator@bench.test', password: PASSWORD };
const SAMPLES = 30;
const MAX_DIFFERENCE = 0.2;
const LOGINS = 50;
const READS = 400;
const MAX_ADDED_MS = 50;

const home = newHome();
const server = await startServer({
  DATA_DIR: join(home, 'data'),
  BCRYPT_COST: '12',
  BOOTSTRAP_OPERATOR_EMAIL: OPERATOR.email,
  BOOTSTRAP_OPERATOR_PASSWORD: PASSWORD,
});

async function call(method, path, { token, body } = {}) {
  const begun = performance.now();
  const response = await fetch(server.url + path, {
    method,
    headers: { ...(token && { authorization: `Bearer ${token}` }), 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  const ms = performance.now() - begun;
  return { status: response.status, ms, body: text ? JSON.parse(text) : undefined };
}
const login = (body) => call('POST', '/v1/auth/login', { body });
const p99 = (times) => [...times].sort((a, b) => a - b)[Math.ceil(times.length * 0.99) - 1];
let serial = 0;
const fresh = () => `nobody-${++serial}@bench.test`;

let hasPassed = true;
try {
  const operator = (await login(OPERATOR)).body.accessToken;
  const users = Array.from({ length: 5 }, (_, n) => ({
    tenant: 'bench',
    email: `u${n}@bench.test`,
    password: PASSWORD,
  }));
  const body = { slug: 'bench', name: 'Bench', admin: { email: 'admin@bench.test', password: PASSWORD } };
  await call('POST', '/v1/tenants', { token: operator, body });
  const token = (await login({ tenant: 'bench', ...body.admin })).body.accessToken;
  for (const { email, password } of users)
    await call('POST', '/v1/users', { token, body: { email, password, name: email, roles: ['viewer'] } });

  // Nine wrong passwords lock nobody, so a few users share the samples.
  const kinds = {
    'unknown tenant': () => ({ tenant: `no-${++serial}`, email: fresh(), password: 'wrong' }),
    'unknown user': () => ({ tenant: 'bench', email: fresh(), password: 'wrong' }),
    'wrong password': (sample) => ({ ...users[sample % users.length], password: 'wrong' }),
  };
  const times = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]));
  for (let sample = 0; sample < SAMPLES; sample++)
    for (const [kind, credentials] of Object.entries(kinds))
      times[kind].push((await login(credentials(sample))).ms);
  const medians = Object.values(times).map(middle);
  for (const [kind, values] of Object.entries(times)) say(kind, `median ${middle(values).toFixed(0)} ms`);
  const difference = Math.max(...medians) / Math.min(...medians) - 1;
  say('difference of the medians', percent(difference, 1), `bound ${percent(MAX_DIFFERENCE, 1)}`);
  hasPassed &&= difference <= MAX_DIFFERENCE;

  const read = async () => (await call('GET', '/v1/vendors', { token })).ms;
  const reads = async () => {
    const found = [];
    for (let n = 0; n < READS; n++) found.push(await read());
    return found;
  };
  await reads();
  const alone = p99(await reads());
  let isStorming = true;
  let answered = 0;
  const storm = Array.from({ length: LOGINS }, async () => {
    while (isStorming) {
      await login({ tenant: 'bench', email: fresh(), password: PASSWORD });
      answered++;
    }
  });
  const under = p99(await reads());
  isStorming = false;
  await Promise.all(storm);
  say('p99 of GET /v1/vendors alone', `${alone.toFixed(1)} ms`);
  say(`… with ${LOGINS} logins under way`, `${under.toFixed(1)} ms`, `${answered} logins answered`);
  say('added', `${(under - alone).toFixed(1)} ms`, `bound ${MAX_ADDED_MS} ms`);
  hasPassed &&= under - alone < MAX_ADDED_MS;
} finally {
  await server.stop();
  rmSync(home, { recursive: true, force: true });
}
process.exitCode = hasPassed ? 0 : 1;
