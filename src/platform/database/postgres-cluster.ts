import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PostgresAccount } from './postgres-account.js';
import { ending, type PostgresLog, spawnIn } from './postgres-process.js';
import { endPostgresIn } from './process-table.js';
import { errorCode } from './error-code.js';

export const SUPERUSER = 'postgres';
const DRAFT_PREFIX = 'initdb-';

/** The superuser's password, kept between runs in a file that only the owner of the folder can read. */
export async function readPassword(dataDir: string): Promise<string> {
  return (await readFile(join(dataDir, 'postgres.password'), 'utf8')).trim();
}

/**
 * Makes the cluster unless there is one. It is made beside and then renamed, so that a cluster
 * under its own name is always whole, whenever this was interrupted.
 */
export async function ensureCluster(
  dataDir: string,
  clusterDir: string,
  initdb: string,
  context: { account: PostgresAccount | undefined; log: PostgresLog; say(line: string): void },
): Promise<void> {
  await removeDrafts(dataDir);
  if (await exists(join(clusterDir, 'PG_VERSION'))) {
    if (await exists(join(dataDir, 'postgres.password'))) return;
    throw new Error(
      `The file ${join(dataDir, 'postgres.password')} is missing; restore it to reach the data.`,
    );
  }
  context.say('Making a new PostgreSQL cluster; this takes a few seconds.');
  const password = await ensurePassword(dataDir);
  const draft = await mkdtemp(join(dataDir, DRAFT_PREFIX));
  try {
    const passwordFile = join(draft, 'password');
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    if (context.account) {
      await chown(passwordFile, context.account.uid, context.account.gid);
      await chown(draft, context.account.uid, context.account.gid);
    }
    const cause = await ending(spawnIn(draft, initdb, initdbArguments, context));
    if (cause !== null) {
      throw new Error(`A new PostgreSQL cluster cannot be made (${cause}): ${await context.log.verdict()}`);
    }
    await rename(join(draft, 'cluster'), clusterDir);
    await flushFolder(dataDir);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

function initdbArguments(folder: string): string[] {
  return [
    `--pgdata=${folder}/cluster`,
    `--pwfile=${folder}/password`,
    `--username=${SUPERUSER}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // Built in, so the same on every machine, and lower() knows more than ASCII.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-instructions',
  ];
}

async function removeDrafts(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (!name.startsWith(DRAFT_PREFIX)) continue;
    const draft = join(dataDir, name);
    // initdb outlives a killed Node, and its bootstrap works inside the unfinished cluster.
    for (const folder of [draft, join(draft, 'cluster')]) {
      await endPostgresIn(folder, [{ signal: 'SIGKILL', waitMs: 5000 }]);
    }
    await rm(draft, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function ensurePassword(dataDir: string): Promise<string> {
  const file = join(dataDir, 'postgres.password');
  if (await exists(file)) return readPassword(dataDir);
  const password = randomBytes(24).toString('base64url');
  const handle = await open(`${file}.new`, 'w', 0o600);
  await handle.writeFile(`${password}\n`);
  await handle.sync();
  await handle.close();
  await rename(`${file}.new`, file);
  return password;
}

async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync();
  await handle.close();
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (errorCode(error) === 'ENOENT') return false;
      throw error;
    },
  );
}
