import { AuthClient, PASSWORD } from '../support/auth-client.js';
import { startAuthServer } from '../support/auth-server.js';

describe('the first operator', () => {
  let client: AuthClient;
  beforeAll(async () => {
    client = new AuthClient(await startAuthServer({ bootstrapOperator: null }));
  }, 60_000);
  afterAll(() => client.server.stop());

  it('gets one link, though two nodes start at once, and no other while it is open', async () => {
    const links = client.server.links.filter((link) => link !== null);
    expect(links).toHaveLength(1);
    expect(links[0]).toMatchObject({ email: 'operator@localhost' });
    const minutes = (links[0]!.expiresAt.getTime() - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(29);
    expect(minutes).toBeLessThanOrEqual(30);
    await expect(client.server.operators.ensureFirst()).resolves.toBeNull();
  });

  it('gets another when the first has expired and nobody can sign in', async () => {
    await client.server.expireInvitations();
    const link = await client.server.operators.ensureFirst();
    expect(link).toMatchObject({ email: 'operator@localhost' });
    expect((await client.accept(link!.token, PASSWORD)).status).toBe(200);
    expect((await client.login({ email: 'operator@localhost', password: PASSWORD })).status).toBe(200);
    await expect(client.server.operators.ensureFirst()).resolves.toBeNull();
  });
});
