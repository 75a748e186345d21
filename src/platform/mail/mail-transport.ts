import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createTransport, type SendMailOptions } from 'nodemailer';
import type { Config } from '../config/config.js';

/** Whatever takes a finished mail. Rejects when it could not be handed over; it may be handed over again. */
export interface MailTransport {
  /** Answers where the mail can be read, when that is a place of this machine. */
  deliver(mail: SendMailOptions): Promise<string | undefined>;
  close(): void;
}

const CONNECT_MS = 10_000;
const SOCKET_MS = 30_000;
const MAX_CONNECTIONS = 2;
const LOOPBACK = /^(localhost|127\.|\[::1\])/;

/** The transport that the configuration names; undefined when mail is switched off. */
export function openTransport(config: Config): MailTransport | undefined {
  if (config.smtpUrl === 'none') return undefined;
  return config.smtpUrl === undefined ? toFolder(resolve(config.dataDir, 'mail')) : toServer(config.smtpUrl);
}

/** By SMTP, encrypted (STARTTLS, or TLS from the start with `smtps:`) unless the server is this machine or the URL says `requireTLS=false`. */
function toServer(url: string): MailTransport {
  const { hostname, searchParams } = new URL(url);
  const requireTLS = searchParams.get('requireTLS') !== 'false' && !LOOPBACK.test(hostname);
  const transporter = createTransport({
    url,
    pool: true,
    maxConnections: MAX_CONNECTIONS,
    requireTLS,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SOCKET_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async deliver(mail) {
      await transporter.sendMail(mail);
      return undefined;
    },
    close: () => {
      transporter.close();
    },
  };
}

/** Into files for the owner alone, for trying things out without a mail server. */
function toFolder(folder: string): MailTransport {
  const transporter = createTransport({ streamTransport: true, buffer: true, newline: 'unix' });
  return {
    async deliver(mail) {
      const { message } = await transporter.sendMail(mail);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const name = `${new Date().toISOString().replaceAll(':', '-')}-${randomUUID()}`;
      const path = resolve(folder, `${name}.eml`);
      // Whoever waits for a mail finds it whole.
      await writeFile(`${path}.part`, message, { mode: 0o600, flag: 'wx' });
      await rename(`${path}.part`, path);
      return path;
    },
    close: () => undefined,
  };
}
