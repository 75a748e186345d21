import { setTimeout as sleep } from 'node:timers/promises';
import { addAda, decode, login, me, refresh, signIn, type Credentials } from '../support/auth.js';
import { send } from '../support/client.js';
import { runCommand } from '../support/command.js';
import { asOwner, besideShared } from '../support/database.js';
import { startServer, type RunningServer } from '../support/server.js';
import { world } from '../support/world.js';

interface ToldKey {
  kid: string;
  state: string;
  signsFrom: string;
  until: string | null;
}

const command = async (verb: string): Promise<ToldKey[]> => {
  const { code, stdout, stderr } = await runCommand('keys', verb, '--json');
  if (code !== 0) throw new Error(`keys ${verb} ended with ${code}: ${stderr}`);
  return (JSON.parse(stdout) as { keys: ToldKey[] }).keys;
};
const kidsOf = (keys: readonly ToldKey[], state: string): string[] =>
  keys.filter((key) => key.state === state).map(({ kid }) => kid);
const kidOf = (token: string): unknown => decode(token.split('.')[0]).kid;
const published = async (url = ''): Promise<string[]> => {
  const { body } = await send('GET', `${url}/.well-known/jwks.json`);
  return (body as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
};
/** As if the next key had been published an hour ago. */
const age = () =>
  asOwner(
    `UPDATE platform.signing_key SET created_at = created_at - interval '1 hour' WHERE signs_from > now()`,
  );

let ada: Credentials;
let second: RunningServer;
beforeAll(async () => {
  ada = await addAda(await world.tenant());
  second = await startServer(await besideShared());
}, 90_000);
afterAll(async () => {
  await second.stop();
});

describe('the signing keys', () => {
  it('have a next one, which both nodes publish before it signs', async () => {
    const keys = await command('status');
    expect([kidsOf(keys, 'current').length, kidsOf(keys, 'next').length]).toEqual([1, 1]);
    const wanted = [...kidsOf(keys, 'current'), ...kidsOf(keys, 'next')];
    expect(await published()).toEqual(wanted);
    expect(await published(second.url)).toEqual(wanted);
    const next = keys.find(({ state }) => state === 'next')!;
    expect(Date.parse(next.signsFrom)).toBeGreaterThan(Date.now() + 60 * 24 * 3_600_000);
  });

  it('do not change over before the next one was published long enough', async () => {
    await asOwner(`UPDATE platform.signing_key SET created_at = now() WHERE signs_from > now()`);
    const [current] = kidsOf(await command('status'), 'current');
    const keys = await command('rotate');
    expect(kidsOf(keys, 'current')).toEqual([current]);
    const next = keys.find(({ state }) => state === 'next')!;
    expect(Date.parse(next.signsFrom)).toBeGreaterThan(Date.now() + 500_000);
    expect(Date.parse(next.signsFrom)).toBeLessThan(Date.now() + 700_000);
  });

  it('change over under load, on two nodes, without one 401; old tokens and refresh tokens stay good', async () => {
    await age();
    const before = kidsOf(await command('status'), 'current')[0]!;
    const old = await signIn(ada);
    expect(kidOf(old.accessToken)).toBe(before);
    const urls = ['', second.url];
    const statuses = new Map<number, number>();
    const signedBy = new Set<unknown>();
    let isOver = false;
    const count = (status: number): void => void statuses.set(status, (statuses.get(status) ?? 0) + 1);
    const load = async (worker: number): Promise<void> => {
      let { refreshToken, accessToken } = await signIn(ada);
      for (let round = 0; !isOver; round++) {
        const url = urls[(worker + round) % 2]!;
        count((await send('GET', `${url}/v1/me`, { token: accessToken })).status);
        count((await send('GET', `${url}/v1/me`, { token: old.accessToken })).status);
        const other = urls[(worker + round + 1) % 2]!;
        const next = await send('POST', `${other}/v1/auth/refresh`, { body: { refreshToken } });
        count(next.status);
        if (next.status !== 200) return;
        ({ refreshToken, accessToken } = next.body as typeof old);
        signedBy.add(kidOf(accessToken));
      }
    };
    const workers = Promise.all(Array.from({ length: 6 }, (_, worker) => load(worker)));
    await sleep(1000);
    const keys = await command('rotate');
    await sleep(1500);
    isOver = true;
    await workers;
    expect([...statuses.keys()]).toEqual([200]);
    const [current] = kidsOf(keys, 'current');
    expect(current).not.toBe(before);
    expect([...signedBy].sort()).toEqual([before, current].sort());
    expect(kidsOf(keys, 'previous')).toContain(before);
    for (const url of urls) {
      expect(await published(url)).toEqual(expect.arrayContaining([current, before]) as unknown);
      expect(kidOf((await login(ada, { url })).body.accessToken)).toBe(current);
    }
    expect((await me(old.accessToken)).status).toBe(200);
    expect((await refresh(old.refreshToken)).status).toBe(200);
  });

  it('change over by time alone, when the command is never given', async () => {
    const next = kidsOf(await command('status'), 'next')[0]!;
    await asOwner(
      `UPDATE platform.signing_key SET signs_from = now() + interval '2 seconds' WHERE kid = $1`,
      [next],
    );
    await asOwner(
      `SELECT pg_notify('ringfence_changes', '{"subject":"signing_keys","tenantId":null,"id":null}')`,
    );
    await sleep(3000);
    for (const url of ['', second.url])
      expect(kidOf((await login(ada, { url })).body.accessToken)).toBe(next);
  });

  it('retire, private half and all, once the last token of theirs has expired', async () => {
    const { accessToken } = await signIn(ada);
    const [current] = kidsOf(await command('status'), 'current');
    await age();
    await command('rotate');
    expect((await me(accessToken)).status).toBe(200);
    // As if everything had happened two hours ago.
    await asOwner(
      `UPDATE platform.signing_key SET signs_from = signs_from - interval '2 hours' WHERE signs_from <= now()`,
    );
    const keys = await command('rotate');
    expect(kidsOf(keys, 'retired')).toContain(current);
    const rows = await asOwner<{ private_jwe: string }>(
      'SELECT private_jwe FROM platform.signing_key WHERE kid = $1',
      [current],
    );
    expect(rows).toEqual([{ private_jwe: '' }]);
    expect(await published()).not.toContain(current);
    expect((await me(accessToken)).status).toBe(401);
  });

  it('are made by one node alone when several start or rotate at once', async () => {
    await age();
    await Promise.all([1, 2, 3].map(() => runCommand('keys', 'rotate')));
    const keys = await command('status');
    expect([kidsOf(keys, 'current').length, kidsOf(keys, 'next').length]).toEqual([1, 1]);
  });

  it('are told of in lines too, and wrong usage ends with 2', async () => {
    const { code, stdout } = await runCommand('keys', 'status');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^next +\S+ signs from /) as unknown]);
    expect((await runCommand('keys', 'status', '--never')).code).toBe(2);
  });
});
