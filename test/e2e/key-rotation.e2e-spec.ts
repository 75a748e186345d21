import { setTimeout as sleep } from 'node:timers/promises';
import { addAda, decode, login, me, refresh, signIn, type Credentials, type Pair } from '../support/auth.js';
import { send, talkTo } from '../support/client.js';
import { runCommand } from '../support/command.js';
import { asOwner, besideShared } from '../support/database.js';
import { openKeyKeeper, type KeyKeeper } from '../support/key-rotation.js';
import { startServer, type RunningServer } from '../support/server.js';
import { world } from '../support/world.js';

const DAY_MS = 86_400_000;
const kidOf = (token: string): unknown => decode(token.split('.')[0]).kid;
const publishedAt = async (url: string): Promise<string[]> => {
  const { body } = await send('GET', `${url}/.well-known/jwks.json`);
  return (body as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
};

let ada: Credentials;
let keeper: KeyKeeper;
/** Servers and a database of their own: retiring a key ends the tokens of everybody else. */
let first: RunningServer;
let second: RunningServer;
let nodes: string[];
beforeAll(async () => {
  first = await startServer();
  talkTo(first);
  process.env.RINGFENCE_TEST_DATA_DIR = first.dataDir;
  ada = await addAda(await world.tenant());
  keeper = await openKeyKeeper();
  second = await startServer(await besideShared());
  nodes = ['', second.url];
}, 120_000);
afterAll(async () => {
  await keeper.end();
  await second.stop();
  await first.stop();
});

/** Waits until a node signs with the key, and says with which it did before. */
async function signsWith(url: string, kid: string | undefined): Promise<void> {
  while (kidOf((await login(ada, { url })).body.accessToken) !== kid) await sleep(50);
}

describe('the signing keys', () => {
  it('have a next one, which both nodes publish long before it signs', async () => {
    const [current, next] = [await keeper.kidsOf('current'), await keeper.kidsOf('next')];
    expect([current.length, next.length]).toEqual([1, 1]);
    for (const url of nodes) expect((await publishedAt(url)).slice(0, 2)).toEqual([...current, ...next]);
    expect(await keeper.nextIn()).toBeGreaterThan(60 * DAY_MS);
  });

  it('do not change over before the next one was published for ten minutes', async () => {
    await asOwner('UPDATE platform.signing_key SET created_at = now() WHERE signs_from > now()');
    const current = await keeper.kidsOf('current');
    await keeper.rotate();
    expect(await keeper.kidsOf('current')).toEqual(current);
    const ahead = await keeper.nextIn();
    expect([ahead > 300_000, ahead <= 600_000]).toEqual([true, true]);
  });

  it('change over under load, on two nodes, without one 401; what was signed before stays good', async () => {
    await keeper.age();
    const [before] = await keeper.kidsOf('current');
    const [after] = await keeper.kidsOf('next');
    const old = await signIn(ada);
    expect(kidOf(old.accessToken)).toBe(before);
    const statuses = new Map<number, number>();
    const signedBy = new Set<unknown>();
    let isOver = false;
    const ask = async (method: string, url: string, options: object): Promise<unknown> => {
      const { status, body } = await send(method, url, options);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      return body;
    };
    const work = async (worker: number): Promise<void> => {
      let pair = await signIn(ada);
      for (let round = worker; !isOver; round++) {
        const [here, there] = [nodes[round % 2]!, nodes[(round + 1) % 2]!];
        signedBy.add(kidOf(pair.accessToken));
        await ask('GET', `${here}/v1/me`, { token: pair.accessToken });
        await ask('GET', `${there}/v1/me`, { token: old.accessToken });
        const { refreshToken } = pair;
        pair = (await ask('POST', `${there}/v1/auth/refresh`, { body: { refreshToken } })) as Pair;
      }
    };
    const workers = Promise.all(Array.from({ length: 4 }, (_, worker) => work(worker)));
    await sleep(1000);
    await keeper.rotate();
    for (const url of nodes) await signsWith(url, after);
    await sleep(1000);
    isOver = true;
    await workers;
    expect([...statuses.keys()]).toEqual([200]);
    expect(statuses.get(200)).toBeGreaterThan(20);
    expect(signedBy).toEqual(new Set([before, after]));
    expect(await keeper.kidsOf('previous')).toContain(before);
    for (const url of nodes)
      expect(await publishedAt(url)).toEqual(expect.arrayContaining([after, before]) as unknown);
    expect((await me(old.accessToken)).status).toBe(200);
    expect((await refresh(old.refreshToken)).status).toBe(200);
  });

  it('change over by time alone, without a command and a word between the nodes', async () => {
    const [next] = await keeper.kidsOf('next');
    await asOwner(
      `UPDATE platform.signing_key SET signs_from = now() + interval '2 seconds' WHERE kid = $1`,
      [next],
    );
    for (const url of nodes) await signsWith(url, next);
  });

  it('retire, private half and all, once the last token of theirs has expired', async () => {
    const { accessToken } = await signIn(ada);
    const [current] = await keeper.kidsOf('current');
    await keeper.rotate();
    await keeper.age();
    await keeper.rotate();
    expect((await me(accessToken)).status).toBe(200);
    // As if all of it had happened two hours ago.
    await asOwner(
      `UPDATE platform.signing_key SET signs_from = signs_from - interval '2 hours' WHERE signs_from <= now()`,
    );
    await keeper.rotate();
    expect(await keeper.kidsOf('retired')).toContain(current);
    const stored = 'SELECT private_jwe AS "privateJwe" FROM platform.signing_key WHERE kid = $1';
    expect(await asOwner(stored, [current])).toEqual([{ privateJwe: '' }]);
    expect(await publishedAt('')).not.toContain(current);
    expect((await me(accessToken)).status).toBe(401);
  });

  it('are changed by one node at a time', async () => {
    await keeper.age();
    await Promise.all([1, 2, 3, 4].map(() => keeper.rotate()));
    expect([(await keeper.kidsOf('current')).length, (await keeper.kidsOf('next')).length]).toEqual([1, 1]);
  });
});

describe('ringfence keys', () => {
  it('rotates, and says which keys there are then', async () => {
    const { code, stdout } = await runCommand('keys', 'rotate', '--json');
    expect(code).toBe(0);
    const { keys } = JSON.parse(stdout) as { keys: { state: string; signsFrom: string }[] };
    expect(keys.map(({ state }) => state)).toEqual(expect.arrayContaining(['next', 'current']) as unknown);
    expect(stdout).not.toMatch(/private|"d"/);
  });

  it('tells of the keys in lines, and ends with 2 for wrong usage', async () => {
    const { code, stdout } = await runCommand('keys', 'status');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^next +\S+ signs from /) as unknown]);
    expect((await runCommand('keys', 'status', '--never')).code).toBe(2);
  });
});
