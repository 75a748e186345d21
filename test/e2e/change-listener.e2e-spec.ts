import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolConfig } from 'pg';
import { ofTenant } from '../../src/platform/tenancy/changes/change.js';
import { Changes } from '../../src/platform/tenancy/changes/changes.js';
import { sharedDatabase } from '../support/database.js';
import { openEngine, type Engine } from '../support/engine.js';
import { startPgbouncer } from '../support/pgbouncer.js';

const LIMITS = { statementMs: 5000, lockMs: 2000, idleInTransactionMs: 5000 };
const TENANT = ofTenant('01900000-0000-7000-8000-000000000001');

let engine: Engine;
let login: PoolConfig;
beforeAll(async () => {
  engine = await openEngine();
  login = { ...engine.owner.login(engine.owner.roles.registry, LIMITS), options: '' };
});
afterAll(() => engine.end());

async function following<T>(logins: PoolConfig, work: (feed: Changes) => Promise<T>): Promise<T> {
  const feed = new Changes(logins);
  await feed.start();
  try {
    return await work(feed);
  } finally {
    feed.stop();
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(20);
}

describe('the feed of changes', () => {
  it('is live once it has heard itself', () =>
    following(login, async (feed) => {
      await until(() => feed.isLive());
    }));

  it('is never live behind a pooler that shares the session that listens', async () => {
    const pooler = await startPgbouncer((await sharedDatabase()).connection, [login]);
    try {
      await following({ ...login, host: pooler.host, port: pooler.port }, async (feed) => {
        for (let times = 0; times < 100; times++) {
          expect(feed.isLive()).toBe(false);
          await sleep(20);
        }
      });
    } finally {
      await pooler.stop();
    }
  });

  it('holds what this node changes for as long as that is under way, and not longer', () =>
    following(login, async (feed) => {
      await until(() => feed.isLive());
      const client = await engine.loginClient(0);
      await client.query('BEGIN');
      await feed.announce(client, TENANT);
      // Longer than a notification takes: it leaves with the commit alone.
      await sleep(1200);
      expect(feed.isHeld([TENANT])).toBe(true);
      await client.query('COMMIT');
      await until(() => !feed.isHeld([TENANT]));
      await client.end();
    }));
});
