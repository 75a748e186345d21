import { addAda, login, refusalOf, signIn, uniqueEmail, type Credentials } from '../support/auth.js';
import type { Answer } from '../support/client.js';
import { asOwner, besideShared } from '../support/database.js';
import { startServer, type RunningServer } from '../support/server.js';
import { unique, world } from '../support/world.js';

/** `bench/login.mjs` takes more, and holds them to less: here a hash that is skipped must be noticed on any machine. */
const SAMPLES = 12;
const MAX_SPREAD = 1.6;
const median = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)]!;

describe('sign-in at a real cost', () => {
  let server: RunningServer;
  let ada: Credentials & { id: string };
  let locked: Credentials;
  beforeAll(async () => {
    server = await startServer({ ...(await besideShared()), BCRYPT_COST: '11' });
    const tenant = await world.tenant();
    ada = await addAda(tenant);
    locked = { ...ada, email: uniqueEmail() };
    await addAda(tenant, { email: locked.email });
    for (const user of [ada, locked]) expect((await login(user, server)).status).toBe(200);
    await Promise.all(Array.from({ length: 10 }, () => login({ ...locked, password: 'wrong' }, server)));
    // By the right password the hashes became of the cost that all others are compared at.
  });
  afterAll(() => server.stop());

  it('takes as long and says the same whatever was wrong', async () => {
    const kinds: Record<string, () => Credentials> = {
      'unknown tenant': () => ({ ...ada, tenant: unique('nowhere') }),
      'unknown user': () => ({ ...ada, email: uniqueEmail() }),
      'wrong password': () => ({ ...ada, password: 'wrong' }),
      locked: () => locked,
    };
    const times = new Map(Object.keys(kinds).map((kind) => [kind, [] as number[]]));
    const answers: Answer[] = [];
    for (let sample = 0; sample < SAMPLES; sample++) {
      // A lock would make one kind the other.
      await asOwner('DELETE FROM platform.login_counter WHERE account_id = $1', [ada.id]);
      for (const [kind, credentials] of Object.entries(kinds)) {
        const start = performance.now();
        answers.push(await login(credentials(), server));
        times.get(kind)!.push(performance.now() - start);
      }
    }
    for (const answer of answers) expect(refusalOf(answer)).toEqual(refusalOf(answers[0]!));
    const medians = [...times].map(([kind, values]) => [kind, median(values)] as const);
    const values = medians.map(([, value]) => value);
    const spread = Math.max(...values) / Math.min(...values);
    expect({ spread: spread < MAX_SPREAD, medians }).toEqual({ spread: true, medians });
  }, 120_000);

  it('is bounded: past the queue the answer is 503 with Retry-After, and no failure is counted', async () => {
    const strangers = Array.from({ length: 120 }, () => login({ ...ada, email: uniqueEmail() }, server));
    const right = Array.from({ length: 100 }, () => login(ada, server));
    const answers = await Promise.all([...strangers, ...right]);
    const shed = answers.filter(({ status }) => status === 503);
    expect(shed.length).toBeGreaterThan(20);
    for (const { headers, body } of shed) {
      expect(body).toMatchObject({ code: 'overloaded' });
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect([...new Set(answers.slice(0, 120).map(({ status }) => status))].sort()).toEqual([401, 503]);
    for (const { status } of answers.slice(120)) expect([200, 503]).toContain(status);
    const failures = await asOwner(
      'SELECT 1 FROM platform.login_counter WHERE account_id = $1 AND failures > 0',
      [ada.id],
    );
    expect(failures).toEqual([]);
    await signIn(ada);
  }, 120_000);
});
