import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompactSign, exportJWK, generateKeyPair, type JWK } from 'jose';
import { CHECKPOINT_TYPE, newestIn, type CheckpointKind } from '../../src/platform/audit/log/checkpoint.js';

describe('exported checkpoints', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-checkpoints-'));
  const file = join(folder, 'checkpoints.ndjson');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function signer() {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const key: JWK = { ...(await exportJWK(publicKey)), kid: 'k' };
    const sign = async (sequence: number, kind: CheckpointKind = 'head', log = 'log'): Promise<string> => {
      const checkpoint = { log, kind, sequence, hash: `h${sequence}`, at: new Date().toISOString() };
      const statement = await new CompactSign(Buffer.from(JSON.stringify(checkpoint)))
        .setProtectedHeader({ alg: 'ES256', typ: CHECKPOINT_TYPE, kid: 'k' })
        .sign(privateKey);
      return JSON.stringify({ checkpoint: statement });
    };
    return { key, sign };
  }

  async function newest(lines: string[], key: JWK): Promise<number | undefined> {
    writeFileSync(file, `${lines.join('\n')}\n`);
    return (await newestIn(file, 'log', [key]))?.sequence;
  }

  it('tell the furthest place of the log, whatever their order, and nothing of another log', async () => {
    const { key, sign } = await signer();
    const lines = await Promise.all([sign(5), sign(9), sign(7), sign(99, 'head', 'other')]);
    expect(await newest(['', 'no JSON', '{"checkpoint":1}', ...lines], key)).toBe(9);
    expect(await newest([lines[3]], key)).toBeUndefined();
  });

  it('are passed over when somebody else has signed them', async () => {
    const [ours, theirs] = [await signer(), await signer()];
    expect(await newest([await ours.sign(5), await theirs.sign(9)], ours.key)).toBe(5);
    expect(await newest([await ours.sign(9), await theirs.sign(3, 'accepted')], ours.key)).toBe(9);
  });

  it('count from where the log was last taken for whole', async () => {
    const { key, sign } = await signer();
    const lines = [await sign(5), await sign(9), await sign(7, 'accepted')];
    expect(await newest(lines, key)).toBe(7);
    expect(await newest([...lines, await sign(8)], key)).toBe(8);
  });
});
