/**
 * How much tenant B's p95 suffers from tenant A at ten times its share, on one server with a database of its own: B while A
 * spends its minute's share in a burst, and then, by turns, B alone and B while A goes on and is refused. Needs `npm run
 * build`; measures for about 40 seconds. Exits with 1 when the middle of the rounds' ratios is above 2. Other work on the
 * machine hits the two halves of a round alike, unless it begins or ends within one; how far the rounds lie apart, and how
 * long the server waited for a core, tell how much that was. When it waited for more than a fifth of the time with B alone,
 * the machine was measured and not the server: the exit code is 2.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { middle } from './figures.mjs';
import { newHome, startServer } from './server.mjs';

const PHASE_MS = 3000;
/** B alone and B beside the flood, by turns; which goes first changes. */
const ROUNDS = 5;
/** Until the flood has all its callers under way. */
const FLOOD_LEAD_MS = 500;
/** At ten times its rate A has used up the minute's share after six seconds. */
const BURST_MS = 6500;
const WARM_UP_MS = 1500;
const BOUND = 2;
/** In percent of the time. */
const MOST_WAITED = 20;
const SHARE = { requestsPerMinute: 600, concurrentRequests: 5 };
const FLOOD = 10;
const PASSWORD = 'a pass phrase of this bench alone';

const home = newHome();
const server = await startServer({
  DATA_DIR: join(home, 'data'),
  BOOTSTRAP_OPERATOR_EMAIL: 'operator@bench.test',
  BOOTSTRAP_OPERATOR_PASSWORD: PASSWORD,
});
const { url } = server;

async function call(method, path, { token, body } = {}) {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : undefined };
}

async function signIn(credentials) {
  for (let tries = 0; tries < 50; tries++) {
    const { status, body } = await call('POST', '/v1/auth/login', { body: credentials });
    if (status === 200) return body.accessToken;
    await sleep(100);
  }
  throw new Error('nobody can sign in');
}

async function makeTenant(operator, slug, policy) {
  const email = `admin@${slug}.test`;
  const admin = { email, password: PASSWORD };
  const made = await call('POST', '/v1/tenants', { token: operator, body: { slug, name: slug, admin } });
  if (made.status !== 201) throw new Error(`the tenant was answered ${made.status}`);
  const set = await call('PATCH', `/v1/tenants/${made.body.id}`, { token: operator, body: { policy } });
  if (set.status !== 200) throw new Error(`the policy was answered ${set.status}`);
  const token = await signIn({ tenant: slug, email, password: PASSWORD });
  for (let n = 0; n < 20; n++)
    await call('POST', '/v1/vendors', { token, body: { name: `Vendor ${n}`, contactEmail: email } });
  return token;
}

/** How long the server's main thread ran, and how long it waited for a core, in milliseconds; on Linux alone. */
function cores() {
  try {
    const [ran, waited] = readFileSync(`/proc/${server.pid}/task/${server.pid}/schedstat`, 'utf8').split(' ');
    return { ran: ran / 1e6, waited: waited / 1e6 };
  } catch {
    return { ran: NaN, waited: NaN };
  }
}

/** One request after the other, as fast as they are answered but at most 100 a second. */
async function measure(token, forMs) {
  const times = [];
  const before = cores();
  const until = performance.now() + forMs;
  while (performance.now() < until) {
    const start = performance.now();
    const { status } = await call('GET', '/v1/vendors', { token });
    if (status !== 200) throw new Error(`B was answered ${status}`);
    times.push(performance.now() - start);
    await sleep(Math.max(0, 10 - (performance.now() - start)));
  }
  const sorted = times.sort((a, b) => a - b);
  const at = (part) => sorted[Math.floor(sorted.length * part)];
  const after = cores();
  const share = (what) => Math.round((100 * (after[what] - before[what])) / forMs);
  return { requests: times.length, p50: at(0.5), p95: at(0.95), ran: share('ran'), waited: share('waited') };
}

/** The flood comes from a thread of its own, so that B's clock is not slowed by A's client. Resolves to A's answers. */
function startFlood(token) {
  const worker = new Worker(new URL('./flood.worker.mjs', import.meta.url), {
    workerData: {
      url: `${url}/v1/vendors`,
      token,
      workers: SHARE.concurrentRequests * FLOOD,
      perMinute: SHARE.requestsPerMinute * FLOOD,
    },
  });
  const ended = new Promise((done, failed) => worker.once('message', done).once('error', failed));
  return () => {
    worker.postMessage('end');
    return ended;
  };
}

const told = ({ requests, p50, p95, ran, waited }) =>
  `p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, ${requests} requests, server ran ${ran} %, waited for a core ${waited} %`;

try {
  const operator = await signIn({ email: 'operator@bench.test', password: PASSWORD });
  const a = await makeTenant(operator, 'noisy', SHARE);
  const b = await makeTenant(operator, 'quiet', { requestsPerMinute: 1_000_000 });
  await measure(b, WARM_UP_MS);
  const answers = {};
  const flooded = async (forMs, leadMs = FLOOD_LEAD_MS) => {
    const endFlood = startFlood(a);
    await sleep(leadMs);
    const phase = await measure(b, forMs);
    for (const [status, count] of Object.entries(await endFlood()))
      answers[status] = (answers[status] ?? 0) + count;
    return phase;
  };
  const before = await measure(b, PHASE_MS);
  const burst = await flooded(BURST_MS, 0);
  console.log(`B alone:                          ${told(before)}`);
  console.log(
    `B while A uses its share at once: ${told(burst)}, ratio ${(burst.p95 / before.p95).toFixed(2)}`,
  );
  const ratios = [];
  const waited = [];
  for (let round = 0; round < ROUNDS; round++) {
    const isFloodFirst = round % 2 === 1;
    const first = isFloodFirst ? await flooded(PHASE_MS) : await measure(b, PHASE_MS);
    const second = isFloodFirst ? await measure(b, PHASE_MS) : await flooded(PHASE_MS);
    const [alone, beside] = isFloodFirst ? [second, first] : [first, second];
    ratios.push(beside.p95 / alone.p95);
    waited.push(alone.waited);
    console.log(`${round + 1}. B alone:                       ${told(alone)}`);
    console.log(
      `   B while A goes on at ${FLOOD}x:       ${told(beside)}, ratio ${ratios.at(-1).toFixed(2)}`,
    );
  }
  const ratio = middle(ratios);
  const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
  console.log(`A was answered:                   ${JSON.stringify(answers)}`);
  console.log(`ratio of p95, middle of ${ROUNDS} rounds: ${ratio.toFixed(2)} (${spread}; bound: ${BOUND})`);
  const isStarved = middle(waited) > MOST_WAITED;
  if (isStarved)
    console.log('The machine was too busy for this to say anything: the server had no core to itself.');
  process.exitCode = isStarved ? 2 : ratio <= BOUND ? 0 : 1;
} finally {
  await server.stop();
  rmSync(home, { recursive: true, force: true });
}
