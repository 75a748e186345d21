import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sharedDatabase } from './database.js';

export interface ReadMail {
  subject: string;
  raw: string;
  /** The secret behind the # of the link, if there is one. */
  token: string | undefined;
}

const PATIENCE_MS = 20_000;

/** Undoes quoted-printable, as far as a link needs it. */
const decoded = (raw: string): string =>
  raw
    .replaceAll(/=\r?\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));

/** All mails of the shared server to that address, in the order in which they were written. */
export async function mailsTo(address: string): Promise<ReadMail[]> {
  const folder = join((await sharedDatabase()).dataDir, 'mail');
  const names = await readdir(folder).catch(() => []);
  const raws = await Promise.all(
    names
      .filter((name) => name.endsWith('.eml'))
      .sort()
      .map(async (name) => decoded(await readFile(join(folder, name), 'utf8'))),
  );
  return raws
    .filter((raw) => new RegExp(`^To: .*${address.replaceAll('.', '\\.')}`, 'm').test(raw))
    .map(parsed);
}

export function parsed(raw: string): ReadMail {
  return {
    subject: /^Subject: (.*)$/m.exec(raw)?.[1]?.trim() ?? '',
    raw,
    token: /#(?:setup|reset|confirm-email)=([\w.-]+)/.exec(raw)?.[1],
  };
}

/** Waits until the address has so many mails with that subject, and returns the newest. */
export async function mailTo(address: string, subject: string, count = 1): Promise<ReadMail> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = (await mailsTo(address)).filter((mail) => mail.subject === subject);
    if (found.length >= count) return found.at(-1)!;
    if (Date.now() > end) throw new Error(`no mail "${subject}" came to ${address}`);
    await sleep(50);
  }
}
