import { DEVIATIONS, SoftwareAuthenticator, withoutPasskey, type Options } from '../support/passkeys.js';
import { expectProblem, pointersOf } from '../support/problem.js';

describe('registering a passkey', () => {
  it('asks for a verified user and a passkey that can be found without a name', async () => {
    const { client, credentials } = await withoutPasskey();
    const { body } = await client.post('/v1/auth/passkeys/options');
    expect(body).toMatchObject({
      rp: { id: 'localhost', name: 'Ringfence' },
      user: { name: expect.stringContaining(credentials.email) as string },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
    expect(Buffer.from((body as Options).challenge, 'base64url').length).toBe(32);
  });

  it('shows it in the list, and gives recovery codes with the first', async () => {
    const { client } = await withoutPasskey();
    const answers = [];
    for (const name of ['Key', undefined]) {
      const options = (await client.post('/v1/auth/passkeys/options')).body as Options;
      const credential = new SoftwareAuthenticator().create(options);
      answers.push(await client.post('/v1/auth/passkeys', { credential, name }));
    }
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    const [first, second] = answers.map(({ body }) => body as { id: string; recoveryCodes: string[] });
    expect([first!.recoveryCodes.length, second!.recoveryCodes.length]).toEqual([10, 0]);
    const list = (await client.get('/v1/auth/passkeys')).body as { data: object[] };
    expect(list.data).toMatchObject([
      { id: first!.id, name: 'Key', synced: false, lastUsedAt: null },
      { id: second!.id, name: 'Passkey' },
    ]);
    expect((await client.delete(`/v1/auth/passkeys/${first!.id}`)).status).toBe(204);
    expectProblem(await client.delete(`/v1/auth/passkeys/${first!.id}`), 404, 'not_found');
  });

  it.each(DEVIATIONS)('is refused with %s', async (_, but) => {
    const { client } = await withoutPasskey();
    const options = (await client.post('/v1/auth/passkeys/options')).body as Options;
    const credential = new SoftwareAuthenticator().create(options, but);
    const answer = await client.post('/v1/auth/passkeys', { credential });
    expectProblem(answer, 422, 'validation_failed');
    expect(pointersOf(answer)).toEqual(['/credential']);
    expect((await client.get('/v1/auth/passkeys')).body).toMatchObject({ data: [] });
  });

  it('takes a challenge once, from the account that it was given to', async () => {
    const [one, other] = [await withoutPasskey(), await withoutPasskey()];
    const options = (await one.client.post('/v1/auth/passkeys/options')).body as Options;
    const credential = new SoftwareAuthenticator().create(options);
    expect((await other.client.post('/v1/auth/passkeys', { credential })).status).toBe(422);
    expect((await one.client.post('/v1/auth/passkeys', { credential })).status).toBe(201);
    const again = new SoftwareAuthenticator().create(options);
    expect((await one.client.post('/v1/auth/passkeys', { credential: again })).status).toBe(422);
  });

  it.each([
    ['a number', 1],
    ['nothing in it', {}],
    ['an attestation that is none', { attestationObject: 'AAAA', clientDataJSON: 'e30' }],
    ['client data that are no JSON', { attestationObject: 'AAAA', clientDataJSON: 'AAAA' }],
    ['unknown fields', { attestationObject: 'AAAA', clientDataJSON: 'e30', admin: true }],
  ])('is refused as the caller’s fault with %s', async (_, response) => {
    const { client } = await withoutPasskey();
    const credential = { id: 'AAAA', rawId: 'AAAA', type: 'public-key', response };
    expectProblem(await client.post('/v1/auth/passkeys', { credential }), 422, 'validation_failed');
  });
});
