import {
  formatOpaqueToken,
  newSecret,
  parseOpaqueToken,
} from '../../src/platform/auth/sessions/opaque-token.js';

const TENANT = '01920000-0000-7000-8000-000000000001';
const ID = '01920000-0000-7000-8000-000000000002';

describe('an opaque token', () => {
  const { secret, secretHash } = newSecret();
  const token = formatOpaqueToken('rt', TENANT, ID, secret);

  it('comes apart again, and holds no secret then', () => {
    expect(parseOpaqueToken('rt', token)).toEqual({ tenantId: TENANT, id: ID, secretHash });
    const operators = formatOpaqueToken('inv', null, ID, secret);
    expect(parseOpaqueToken('inv', operators)).toEqual({ tenantId: null, id: ID, secretHash });
    expect(secretHash).not.toContain(secret);
  });

  it.each([
    ['another kind', token.replace('rt_', 'inv_')],
    ['something before', ` ${token}`],
    ['something after', `${token}\n`],
    ['capitals', token.replace('7000-8', '7000-A').replace('8000', 'A000')],
    ['a longer secret', `${token}A`],
    ['an empty tenant', `rt_.${ID}.${secret}`],
    ['no text', ''],
    ['another spelling of the same secret', respell(token)],
  ])('is refused with %s', (_, text) => {
    expect(parseOpaqueToken('rt', text)).toBeUndefined();
  });
});

/** 32 bytes leave two bits of the last character unused; setting one of them spells the same bytes otherwise. */
function respell(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1)!) + 1]!;
}
