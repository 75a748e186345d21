import { chmod, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Invitation } from '../platform/auth/invitations.service.js';
import type { Config } from '../platform/config/config.js';

const FILE = 'first-run.txt';

/** The address at which somebody chooses their password; the token stands after the #, so no server log ever has it. */
export function setupLink(url: string, { token }: Invitation): string {
  return `${url}/docs#setup=${token}`;
}

/** Prints the link on a terminal; elsewhere, where logs are kept, puts it into a file for the owner alone and prints its path. */
export async function tellFirstRun(
  config: Config,
  url: string,
  whose: string,
  invitation: Invitation,
  print: (line: string) => void,
): Promise<void> {
  const link = setupLink(url, invitation);
  const until = invitation.expiresAt.toISOString();
  if (process.stdout.isTTY) {
    print(`Set the password of ${whose} here, once, until ${until}:\n  ${link}`);
    return;
  }
  const path = resolve(config.dataDir, FILE);
  await writeFile(path, `${link}\n`, { mode: 0o600 });
  await chmod(path, 0o600);
  print(`The link that sets the password of ${whose}, good until ${until}, is in ${path}`);
}

/** Removes a link of an earlier start. */
export async function forgetFirstRun(config: Config): Promise<void> {
  await rm(join(config.dataDir, FILE), { force: true });
}
