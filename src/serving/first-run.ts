import { mkdir, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Invitation } from '../platform/auth/invitations/invitations.service.js';
import type { Config } from '../platform/config/config.js';

const FILE = 'first-run.txt';

/** The address at which somebody chooses their password; the token stands after the #, so no server log ever has it. */
export function setupLink(url: string, { token }: Invitation): string {
  return `${url}/docs#setup=${token}`;
}

/**
 * Prints the links on a terminal; elsewhere, where logs are kept, puts them into a file for the owner alone and prints
 * its path. Removes the file of an earlier start.
 */
export async function tellLinks(
  config: Config,
  url: string,
  links: readonly (Invitation & { whose: string })[],
  print: (line: string) => void,
): Promise<void> {
  const path = resolve(config.dataDir, FILE);
  await rm(path, { force: true });
  if (links.length === 0) return;
  const lines = links.map(
    (link) => `${link.whose}, once, until ${link.expiresAt.toISOString()}:\n  ${setupLink(url, link)}`,
  );
  if (process.stdout.isTTY) {
    print(['Here these people choose their passwords:', ...lines].join('\n'));
    return;
  }
  // With a database and a master key from elsewhere, nothing has needed this folder yet.
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' });
  print(
    `The links by which passwords are chosen, for ${links.map(({ whose }) => whose).join(', ')}: ${path}`,
  );
}
