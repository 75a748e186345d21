import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client, talkTo } from '../support/client.js';
import { countByName, key, newVendor } from '../support/keyed-requests.js';
import { newHome, startServer, OPERATOR_EMAIL, OPERATOR_PASSWORD } from '../support/server.js';
import { unique } from '../support/world.js';

describe('a server killed while keyed requests are under way', () => {
  let home: string;
  beforeAll(() => {
    home = newHome();
  });
  afterAll(() => {
    rmSync(home, { recursive: true, force: true });
  });

  it('has done each exactly once after they were sent again', async () => {
    const env = { DATA_DIR: join(home, 'data') };
    const first = await startServer(env);
    talkTo(first);
    const operator = await Client.signIn({ email: OPERATOR_EMAIL, password: OPERATOR_PASSWORD });
    const admin = { email: 'admin@ringfence.test', password: `Passphrase ${unique('admin')}` };
    await operator.create('/v1/tenants', { slug: 'acme', name: 'Acme', admin });
    const before = await Client.signIn({ tenant: 'acme', ...admin });
    const wanted = Array.from({ length: 60 }, () => ({ body: newVendor(), headers: key() }));
    const sent = wanted.map(({ body, headers }) =>
      before.post('/v1/vendors', body, headers).catch(() => undefined),
    );
    await Promise.race(sent);
    first.process.kill('SIGKILL');
    await Promise.all(sent);
    const second = await startServer(env);
    try {
      talkTo(second);
      const after = await Client.signIn({ tenant: 'acme', ...admin });
      for (const { body, headers } of wanted) {
        expect((await after.post('/v1/vendors', body, headers)).status).toBe(201);
        expect(await countByName(after, '/v1/vendors', body.name)).toBe(1);
      }
    } finally {
      await second.stop();
    }
  }, 60_000);
});
