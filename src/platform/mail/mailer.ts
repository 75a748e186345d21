import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { SendMailOptions } from 'nodemailer';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.js';
import { openTransport, type MailTransport } from './mail-transport.js';
import { asHtml, asText, subjectOf, type Message } from './message.js';

/** Mails that wait or are tried again, at most; a mail server that is away must not fill the memory. */
const MAX_WAITING = 1000;
const AT_ONCE = 2;
/** How long to wait before each further try. */
const RETRY_MS = [1000, 5000, 30_000, 120_000, 600_000];
const LAST_MAILS_MS = 3000;
const DEVELOPMENT_SENDER = 'Ringfence <ringfence@localhost>';

/**
 * Sends mails in the background: a request neither waits for a mail server nor learns whether it took the mail. What waits
 * is lost with the process; everything that is mailed can be asked for again.
 */
@Injectable()
export class Mailer implements OnApplicationShutdown {
  private readonly logger = new Logger(Mailer.name);
  private readonly transport: MailTransport | undefined;
  private readonly from: string;
  private readonly stopping = new AbortController();
  private readonly turns: (() => void)[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private running = 0;

  constructor(@Inject(CONFIG) config: Config) {
    this.transport = openTransport(config);
    this.from = config.mailFrom ?? DEVELOPMENT_SENDER;
  }

  /** Whether mails go anywhere at all. */
  get isOn(): boolean {
    return this.transport !== undefined;
  }

  /** Takes the mail over. When too many wait already, it is dropped, and the log says so. */
  send(to: string, message: Message): void {
    if (!this.transport || this.stopping.signal.aborted) return;
    if (this.underWay.size >= MAX_WAITING) {
      this.logger.error('Too many mails wait; one was dropped');
      return;
    }
    const mail: SendMailOptions = {
      from: this.from,
      // As an object, never parsed: an address cannot become two.
      to: { name: '', address: to },
      subject: subjectOf(message),
      text: asText(message),
      html: asHtml(message),
      headers: { 'Auto-Submitted': 'auto-generated' },
    };
    const work: Promise<void> = this.deliver(this.transport, mail).finally(() => this.underWay.delete(work));
    this.underWay.add(work);
  }

  /** Mails that are at the first try are still sent; what waits for another is given up. */
  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.race([Promise.all(this.underWay), sleep(LAST_MAILS_MS, undefined, { ref: false })]);
    this.transport?.close();
  }

  /** Neither the address nor the text is logged: links in it give access. */
  private async deliver(transport: MailTransport, mail: SendMailOptions): Promise<void> {
    for (const [attempt, pauseMs] of [...RETRY_MS, undefined].entries()) {
      try {
        const path = await this.inTurn(() => transport.deliver(mail));
        if (path !== undefined) this.logger.log(`A mail was written to ${path}`);
        return;
      } catch (error) {
        const { code, responseCode } = error as { code?: string; responseCode?: number };
        const told = `A mail was not sent (try ${attempt + 1}): ${[code, responseCode].filter(Boolean).join(' ')}`;
        const isFinal = pauseMs === undefined || (responseCode !== undefined && responseCode >= 500);
        if (isFinal || this.stopping.signal.aborted) {
          this.logger.error(`${told}; given up`);
          return;
        }
        this.logger.warn(told);
        const wasStopped = await sleep(pauseMs, false, { signal: this.stopping.signal }).catch(() => true);
        if (wasStopped) {
          this.logger.error('A mail was not sent before the end of the process');
          return;
        }
      }
    }
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= AT_ONCE) await new Promise<void>((proceed) => this.turns.push(proceed));
    else this.running++;
    try {
      return await work();
    } finally {
      const next = this.turns.shift();
      if (next) next();
      else this.running--;
    }
  }
}
