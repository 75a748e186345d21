import type { INestApplicationContext } from '@nestjs/common';
import type { Command } from 'commander';
import { answer, withApplication } from './command-context.js';

interface Options {
  tenant?: string;
  json?: boolean;
}
interface OfflineOptions {
  file?: string;
  key?: string;
  checkpoints?: string;
}

const DAY_MS = 86_400_000;
const PLATFORM = 'platform';

/** What concerns the audit logs: proving, exporting, pruning. `verify` ends with 1 when a log is not whole. */
export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').description('the audit logs: of the platform, and of each tenant');
  audit
    .command('verify')
    .description(
      'proves that the logs are whole; with --file an exported one, for which the public key is enough',
    )
    .option('--tenant <slug>', "that tenant's alone; all logs when left out")
    .option('--file <log.ndjson>', 'an exported log; needs --key, and no database')
    .option('--key <public.jwk>', 'as `ringfence audit key` printed it')
    .option('--checkpoints <file>', 'exported checkpoints, by which an older copy is found')
    .option('--json')
    .action((options: Options & OfflineOptions) =>
      options.file === undefined ? verifyLive(options) : verifyExported(options.file, options),
    );
  audit
    .command('export')
    .description('writes a log to a new file, as lines that anybody can verify who has the public key')
    .option('--tenant <slug>', "the platform's log when left out")
    .requiredOption('--out <file>', 'must not exist yet')
    .option('--json')
    .action(exportLog);
  audit
    .command('key')
    .description('the public keys that verify checkpoints (JWK set)')
    .action(() =>
      withApplication(async (app) => {
        const { Checkpoints } = await import('../platform/audit/log/checkpoints.js');
        answer(true, { keys: await app.get(Checkpoints, { strict: false }).published() }, []);
      }),
    );
  audit
    .command('prune')
    .description('removes the oldest entries; what remains can be proved as before')
    .requiredOption('--older-than <days>', 'whole days')
    .option('--tenant <slug>', "the platform's log when left out")
    .option('--json')
    .action(prune);
  audit
    .command('accept')
    .description(
      'takes a log as it is for whole, for instance after an older backup was restored; this is recorded',
    )
    .option('--tenant <slug>', "the platform's log when left out")
    .requiredOption('--reason <text>')
    .option('--json')
    .action(accept);
}

async function verifyLive({ tenant, json }: Options): Promise<void> {
  const { Verifier } = await import('../platform/audit/chaining/verifier.js');
  await withApplication(async (app) => {
    const verifier = app.get(Verifier, { strict: false });
    const results = [];
    for (const { name, realm } of await realmsOf(app, tenant))
      results.push({ log: name, ...(await verifier.verify(realm)) });
    answer(
      json,
      results,
      results.map(({ log, entries, firstBad }) =>
        firstBad
          ? `${log}: BROKEN at entry ${firstBad.sequence}: ${firstBad.fault}`
          : `${log}: ${entries} entries, whole`,
      ),
    );
    if (results.some(({ valid }) => !valid)) process.exitCode = 1;
  });
}

/** Nothing of the application is started for it, so that it runs wherever the program does. */
async function verifyExported(
  file: string,
  { key, checkpoints, json }: OfflineOptions & Options,
): Promise<void> {
  const { CommanderError } = await import('commander');
  if (key === undefined) throw new CommanderError(2, 'audit.key', '--file needs --key');
  const { createReadStream, readFileSync } = await import('node:fs');
  const { createInterface } = await import('node:readline');
  const { verifyOffline } = await import('../platform/audit/reading/offline-verifier.js');
  const given = JSON.parse(readFileSync(key, 'utf8')) as { keys?: object[] };
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
  const result = await verifyOffline(lines, given.keys ?? [given], checkpoints);
  const { log, entries, firstBad, isWhole } = result;
  const from = isWhole ? 'from its first' : 'from where earlier ones were left out';
  answer(json, result, [
    firstBad
      ? `${log}: BROKEN at entry ${firstBad.sequence}: ${firstBad.fault}`
      : `${log}: ${entries} entries, whole ${from}`,
  ]);
  if (!result.valid) process.exitCode = 1;
}

async function exportLog({ tenant, out, json }: Options & { out: string }): Promise<void> {
  const { createWriteStream } = await import('node:fs');
  const { Readable } = await import('node:stream');
  const { pipeline } = await import('node:stream/promises');
  const { AuditStream } = await import('../platform/audit/reading/audit-stream.js');
  const { Sequencer } = await import('../platform/audit/chaining/sequencer.js');
  await withApplication(async (app) => {
    const { realm, name } = await realmOf(app, tenant);
    await app.get(Sequencer, { strict: false }).build(realm);
    const lines = app
      .get(AuditStream, { strict: false })
      .lines(realm, 0, Number.MAX_SAFE_INTEGER, (payload) => payload);
    let entries = 0;
    const texts = async function* (): AsyncGenerator<string> {
      for await (const line of lines) {
        if (line.type === 'entry') entries++;
        yield `${JSON.stringify(line)}\n`;
      }
    };
    await pipeline(Readable.from(texts()), createWriteStream(out, { flags: 'wx', mode: 0o600, flush: true }));
    answer(json, { file: out, log: name, entries }, [`${out}: ${entries} entries of ${name}`]);
  });
}

async function prune({ tenant, olderThan, json }: Options & { olderThan: string }): Promise<void> {
  const { InvalidArgumentError } = await import('commander');
  if (!/^\d{1,5}$/.test(olderThan)) throw new InvalidArgumentError('--older-than must be a number of days');
  const { Retention } = await import('../platform/audit/chaining/retention.js');
  await withApplication(async (app) => {
    const { realm, name } = await realmOf(app, tenant);
    const before = new Date(Date.now() - Number(olderThan) * DAY_MS);
    const { entries, base } = await app.get(Retention, { strict: false }).prune(realm, before);
    answer(json, { log: name, entries, base }, [`${name}: ${entries} entries removed, up to ${base}`]);
  });
}

async function accept({ tenant, reason, json }: Options & { reason: string }): Promise<void> {
  const { LogPruner } = await import('../platform/audit/chaining/log-pruner.js');
  const { AuditTrail } = await import('../platform/audit/audit-trail.js');
  await withApplication(async (app) => {
    const { realm, name } = await realmOf(app, tenant);
    const { from, to } = await app.get(LogPruner, { strict: false }).accept(realm);
    const detail = { log: name, from, to, reason };
    for (const told of realm === null ? [null] : [null, realm])
      await app
        .get(AuditTrail, { strict: false })
        .recordIn(told, { action: 'audit_log_break_accepted', outcome: 'success', detail });
    answer(json, detail, [`${name}: was known up to entry ${from}, goes on from ${to}`]);
  });
}

async function realmsOf(app: INestApplicationContext, slug: string | undefined) {
  if (slug !== undefined) return [await realmOf(app, slug)];
  const { TenantDirectory } = await import('../platform/tenancy/registry/tenant-directory.js');
  const tenants = await app.get(TenantDirectory).all();
  return [{ name: PLATFORM, realm: null }, ...tenants.map((realm) => ({ name: realm.tenantId, realm }))];
}

async function realmOf(app: INestApplicationContext, slug: string | undefined) {
  if (slug === undefined) return { name: PLATFORM, realm: null };
  const { bindingOf, TenantDirectory } = await import('../platform/tenancy/registry/tenant-directory.js');
  const { NotFoundError } = await import('../kernel/errors.js');
  const tenant = await app.get(TenantDirectory).bySlug(slug);
  if (!tenant) throw new NotFoundError();
  return { name: slug, realm: bindingOf(tenant) };
}
