import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { accept, login, NEXT_PASSWORD, PASSWORD } from '../support/auth.js';
import { asOwner, besideShared } from '../support/database.js';
import { newHome, startServer, type RunningServer } from '../support/server.js';

const EMAIL = 'operator@localhost';

/** The file is written after the line by which a start is known. */
async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo() && tries < 200; tries++) await sleep(25);
  expect(isSo()).toBe(true);
}

const linkFile = ({ dataDir }: RunningServer): string => join(dataDir, 'first-run.txt');

async function readLink(server: RunningServer): Promise<{ token: string; minutes: number }> {
  await until(() => server.output().includes('The links by which passwords are chosen'));
  const text = readFileSync(linkFile(server), 'utf8');
  const [, time, url, token] = /until (\S+):\n +(\S+)\/docs#setup=(\S+)\n$/.exec(text)!;
  expect(url).toBe(server.url);
  return { token: token!, minutes: (Date.parse(time!) - Date.now()) / 60_000 };
}

describe('the first operator', () => {
  let home: string;
  beforeAll(() => {
    home = newHome();
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  const start = (env: Record<string, string> = {}): Promise<RunningServer> =>
    startServer({ BOOTSTRAP_OPERATOR_EMAIL: '', BOOTSTRAP_OPERATOR_PASSWORD: '', ...env });

  it('gets a new link at each start, until there is a password', async () => {
    const DATA_DIR = join(home, 'data');
    let server = await start({ DATA_DIR });
    try {
      const first = await readLink(server);
      expect(statSync(linkFile(server)).mode & 0o777).toBe(0o600);
      expect(first.minutes).toBeGreaterThan(29);
      expect(first.minutes).toBeLessThanOrEqual(30);
      expect(server.output()).not.toContain(first.token);
      await server.stop();

      server = await start({ DATA_DIR });
      const second = await readLink(server);
      expect((await accept(first.token, PASSWORD, server)).status).toBe(422);
      expect((await accept(second.token, PASSWORD, server)).status).toBe(200);
      await server.stop();

      server = await start({ DATA_DIR });
      const path = linkFile(server);
      await until(() => !existsSync(path));
      expect((await accept(second.token, NEXT_PASSWORD, server)).status).toBe(422);
      expect((await login({ email: EMAIL, password: PASSWORD }, server)).status).toBe(200);
    } finally {
      await server.stop();
    }
  }, 90_000);

  it('is one, though two nodes start at once, and the link of one of them is good', async () => {
    const database = `first_${randomBytes(6).toString('hex')}`;
    await asOwner(`CREATE DATABASE ${database}`);
    const env = await besideShared(database);
    const started = await Promise.allSettled([1, 2].map(() => start(env)));
    const nodes = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    try {
      expect(nodes).toHaveLength(2);
      const links = await Promise.all(nodes.map(readLink));
      const statuses: number[] = [];
      for (const { token } of links) statuses.push((await accept(token, PASSWORD, nodes[0])).status);
      expect(statuses.sort()).toEqual([200, 422]);
      for (const node of nodes)
        expect((await login({ email: EMAIL, password: PASSWORD }, node)).status).toBe(200);
    } finally {
      await Promise.all(nodes.map((node) => node.stop()));
      await asOwner(`DROP DATABASE ${database} WITH (FORCE)`);
    }
  }, 90_000);
});
