import { readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JWK } from 'jose';
import {
  verifyOffline,
  type OfflineVerification,
} from '../../src/platform/audit/reading/offline-verifier.js';
import { entriesOf, settled, verify } from '../support/audit.js';
import { Client } from '../support/client.js';
import { runCommand } from '../support/command.js';
import { besideShared } from '../support/database.js';
import { startServer } from '../support/server.js';
import { unique, world, type TenantWorld } from '../support/world.js';

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  for (const line of lines) yield await Promise.resolve(line);
}

describe('an exported audit log', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-audit-'));
  const keyFile = join(folder, 'public.jwk');
  let tenant: TenantWorld;
  let keys: JWK[];
  let lines: string[];
  beforeAll(async () => {
    tenant = await world.tenant();
    for (let n = 0; n < 12; n++) await tenant.vendor();
    await verify(tenant.admin);
    await settled(tenant.id);
    const { stdout, code } = await runCommand('audit', 'key');
    expect(code).toBe(0);
    writeFileSync(keyFile, stdout);
    ({ keys } = JSON.parse(stdout) as { keys: JWK[] });
    const answer = await tenant.admin.get('/v1/audit-events/stream');
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    lines = answer.text.trim().split('\n');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const check = (changed: readonly string[]): Promise<OfflineVerification> =>
    verifyOffline(each(changed), keys);

  it('is proved by the public key alone', async () => {
    expect(await check(lines)).toMatchObject({
      valid: true,
      isWhole: true,
      log: tenant.id,
      entries: lines.length - 2,
    });
    expect(keys[0]).not.toHaveProperty('d');
  });

  it.each([
    ['an entry was changed', (all: string[]) => all.with(5, all[5]!.replace('success', 'failure'))],
    ['a value was changed', (all: string[]) => all.with(6, all[6]!.replace('Vendor-', 'Vender-'))],
    ['an entry was taken out', (all: string[]) => all.toSpliced(5, 1)],
    ['two were swapped', (all: string[]) => all.with(5, all[6]!).with(6, all[5]!)],
    ['the end was cut off', (all: string[]) => all.slice(0, -3)],
    ['only the last entry was cut off', (all: string[]) => all.toSpliced(-2, 1)],
    ['the beginning was cut off', (all: string[]) => all.toSpliced(1, 3)],
    [
      'it says that it begins elsewhere',
      (all: string[]) => all.with(0, all[0]!.replace(/"hash":"./, '"hash":"0')),
    ],
    ['a line is no JSON', (all: string[]) => all.with(4, 'x')],
  ])('is refused when %s', async (_, change) => {
    const changed = change([...lines]);
    expect(changed).not.toEqual(lines);
    expect(await check(changed)).toMatchObject({ valid: false });
  });

  it('is refused with another key', async () => {
    const { x, y } = keys[0]!;
    expect(await verifyOffline(each(lines), [{ ...keys[0]!, x: y!, y: x! }])).toMatchObject({ valid: false });
  });

  it('goes on where it ended, in parts that follow upon one another', async () => {
    const first = (await tenant.admin.get('/v1/audit-events/stream?limit=4')).text.trim().split('\n');
    const rest = (await tenant.admin.get('/v1/audit-events/stream?after=4')).text.trim().split('\n');
    expect(first).toHaveLength(6);
    expect(await check([...first, ...rest])).toMatchObject({ valid: true, isWhole: true });
    expect(await check([...first, ...rest.toSpliced(1, 1)])).toMatchObject({ valid: false });
  });

  it('is written and verified by the command line, which finds a broken one with 1', async () => {
    const file = join(folder, 'log.ndjson');
    const exported = await runCommand('audit', 'export', '--tenant', tenant.slug, '--out', file, '--json');
    expect({ ...exported, stdout: '' }).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await runCommand('audit', 'verify', '--file', file, '--key', keyFile)).code).toBe(0);
    writeFileSync(file, readFileSync(file, 'utf8').replace('success', 'failure'));
    expect((await runCommand('audit', 'verify', '--file', file, '--key', keyFile)).code).toBe(1);
    expect((await runCommand('audit', 'verify', '--file', file)).code).toBe(2);
    const live = await runCommand('audit', 'verify', '--tenant', tenant.slug, '--json');
    expect(JSON.parse(live.stdout)).toMatchObject([{ valid: true }]);
  });

  it('can be proved after its oldest part was pruned, from the signed base on', async () => {
    const pruned = await world.tenant();
    for (let n = 0; n < 5; n++) await pruned.vendor();
    await verify(pruned.admin);
    await settled(pruned.id);
    const command = await runCommand(
      'audit',
      'prune',
      '--tenant',
      pruned.slug,
      '--older-than',
      '0',
      '--json',
    );
    const { entries } = JSON.parse(command.stdout) as { entries: number };
    expect(entries).toBeGreaterThanOrEqual(6);
    await pruned.vendor();
    expect(await verify(pruned.admin)).toMatchObject({ valid: true });
    await settled(pruned.id);
    const rest = (await pruned.admin.get('/v1/audit-events/stream')).text.trim().split('\n');
    expect(await check(rest)).toMatchObject({ valid: true, isWhole: false });
    expect(await entriesOf(pruned.admin, '&action=audit_log_pruned')).toMatchObject([
      { detail: { entries } },
    ]);
  });

  it('that is an older copy is found by the checkpoints that the server exported', async () => {
    const checkpoints = join(folder, 'checkpoints.ndjson');
    const server = await startServer({ ...(await besideShared()), AUDIT_CHECKPOINT_FILE: checkpoints });
    const body = { name: unique('Vendor'), contactEmail: 'v@ringfence.test' };
    try {
      const url = `${server.url}/v1/vendors`;
      await Client.prototype.send.call(tenant.admin, 'POST', url, body);
    } finally {
      await server.stop();
    }
    expect(readFileSync(checkpoints, 'utf8')).toContain('"checkpoint"');
    expect(await verifyOffline(each(lines), keys, checkpoints)).toMatchObject({ valid: false });
    const newer = (await tenant.admin.get('/v1/audit-events/stream')).text.trim().split('\n');
    expect(await verifyOffline(each(newer), keys, checkpoints)).toMatchObject({ valid: true });
  });
});
