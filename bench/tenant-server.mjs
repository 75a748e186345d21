/** The server itself, as bench/tenants.mjs starts it on a folder that has tenants already. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startServer as start } from './server.mjs';
import { connectToRunning } from './tenant-engine.mjs';

const LIMIT = '1000000000';
const WORKERS = 16;

/** The server on a folder of data that has tenants already. */
export const startServer = (dataDir, masterKey, env = {}) =>
  start({
    DATA_DIR: dataDir,
    MASTER_KEY: masterKey.toString('base64'),
    TENANT_REQUESTS_PER_MINUTE: LIMIT,
    ...env,
  });

/** Signs in to the tenants in turn and lists their vendors, until both `count` visits and no more than `forMs` are over. */
export async function visit({ url }, slugs, { count, forMs, email, password }) {
  const until = performance.now() + forMs;
  let begun = 0;
  const seen = new Set();
  const work = async () => {
    while (begun < count && performance.now() < until) {
      const tenant = slugs[begun++ % slugs.length];
      const signedIn = await fetch(`${url}/v1/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ tenant, email, password }),
      });
      const { accessToken } = await signedIn.json();
      const answer = await fetch(`${url}/v1/vendors`, {
        headers: { authorization: `Bearer ${accessToken}` },
      });
      if (answer.status !== 200)
        throw new Error(`${tenant} was answered ${signedIn.status}, ${answer.status}`);
      await answer.text();
      seen.add(tenant);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return { visits: begun, tenants: seen.size };
}

/** Counts, while `work` runs, the most connections that the tenants' logins had at a time. */
export async function mostConnections(dataDir, work) {
  const { connection } = await connectToRunning(dataDir);
  const client = new pg.Client(connection);
  await client.connect();
  let most = 0;
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      const { rows } = await client.query(
        `SELECT count(*)::int AS number FROM pg_stat_activity WHERE usename LIKE '%\\_login\\___'`,
      );
      most = Math.max(most, rows[0].number);
      await sleep(100);
    }
  })();
  try {
    const result = await work();
    return { result, most };
  } finally {
    isOver = true;
    await watching;
    await client.end();
  }
}

/** What PostgreSQL's processes hold in memory that they do not share, in MB; on Linux alone. */
export function postgresMemory(dataDir) {
  const postmaster = readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')[0];
  let kilobytes = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      if (pid !== postmaster && !status.includes(`\nPPid:\t${postmaster}\n`)) continue;
      kilobytes += Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? 0);
    } catch {
      // It has ended meanwhile.
    }
  }
  return kilobytes / 1024;
}
