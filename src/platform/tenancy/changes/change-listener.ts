import { randomBytes } from 'node:crypto';
import { Client, type Notification, type PoolConfig } from 'pg';

export const CHANGES_CHANNEL = 'ringfence_changes';

/** How often the node sends itself a notification, and how old the newest one that came back may be. */
const BEAT_MS = 250;
const FRESH_MS = 750;
/** A beat that is out for so long will not come back. */
const LOST_MS = 1500;
const CONNECT_TIMEOUT_MS = 2000;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 2000;

export interface ListenerEvents {
  /** Something was announced. */
  onChange(text: string): void;
  /** From here on nothing is missed; what was announced before may have been. */
  onGap(): void;
  /** Nothing comes through any more, and that lasts; or it does again. Called once for each. */
  onHearing(isHearing: boolean): void;
}

/** What a connection to PostgreSQL and the beats over another one are kept in. */
interface Line {
  listening: Client;
  beating: Client;
}

/**
 * Listens on one database, over a connection of its own, and sends itself beats over another, as all that change
 * something do: where notifications do not come through, behind a pooler for one, beats do not either. They come in the
 * order of their commits, so a beat that came proves that all before it was heard. Whatever goes wrong, it tries again.
 */
export class ChangeListener {
  private readonly beatChannel = `ringfence_beat_${randomBytes(12).toString('hex')}`;
  private line: Line | undefined;
  private timer: NodeJS.Timeout | undefined;
  private retryMs = FIRST_RETRY_MS;
  private isStopped = true;
  private beat = 0;
  private isSending = false;
  /** When each beat was sent that has not come back yet; `performance.now()`. */
  private readonly underway = new Map<string, number>();
  private provenAt = -Infinity;
  private wasDeaf = false;

  constructor(
    private readonly login: PoolConfig,
    private readonly events: ListenerEvents,
  ) {}

  /** Whether all that was committed until `FRESH_MS` ago has been heard. */
  isLive(): boolean {
    return performance.now() - this.provenAt < FRESH_MS;
  }

  /** Resolves when the first attempt to listen has succeeded or failed. */
  async start(): Promise<void> {
    this.isStopped = false;
    await this.connect();
  }

  stop(): void {
    this.isStopped = true;
    this.drop(this.line);
    clearTimeout(this.timer);
  }

  private async connect(): Promise<void> {
    const line = { listening: this.open('changes'), beating: this.open('beats') };
    this.line = line;
    line.listening.on('notification', (notification) => this.hear(line, notification));
    for (const client of Object.values(line)) {
      client.on('error', () => this.drop(line));
      client.on('end', () => this.drop(line));
    }
    try {
      await Promise.all([line.listening.connect(), line.beating.connect()]);
      await line.listening.query(`LISTEN ${CHANGES_CHANNEL}; LISTEN ${this.beatChannel}`);
      // A beat need not reach the disk before it counts.
      await line.beating.query('SET synchronous_commit = off');
      if (this.line !== line) return;
      this.events.onGap();
      this.keepBeating(line);
    } catch {
      this.drop(line);
    }
  }

  private open(use: 'changes' | 'beats'): Client {
    const { application_name: name } = this.login;
    return new Client({
      ...this.login,
      application_name: `${name}_${use}`,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    });
  }

  private hear(line: Line, { channel, payload = '' }: Notification): void {
    if (this.line !== line) return;
    if (channel === CHANGES_CHANNEL) this.events.onChange(payload);
    const sentAt = channel === this.beatChannel ? this.underway.get(payload) : undefined;
    if (sentAt === undefined) return;
    this.underway.delete(payload);
    this.provenAt = sentAt;
    this.retryMs = FIRST_RETRY_MS;
    this.noteDeafness(false);
  }

  private keepBeating(line: Line): void {
    const now = performance.now();
    const [oldest = now] = this.underway.values();
    if (now - oldest > LOST_MS) {
      this.drop(line);
      return;
    }
    if (!this.isSending) void this.send(line, String(++this.beat), now);
    this.timer = setTimeout(() => this.keepBeating(line), BEAT_MS).unref();
  }

  private async send(line: Line, beat: string, now: number): Promise<void> {
    this.underway.set(beat, now);
    this.isSending = true;
    try {
      await line.beating.query('SELECT pg_notify($1, $2)', [this.beatChannel, beat]);
      if (this.line === line) this.isSending = false;
    } catch {
      this.drop(line);
    }
  }

  /** Gives the connections up, which may be dead without knowing it, and tries anew a little later. */
  private drop(line: Line | undefined): void {
    if (!line || this.line !== line) return;
    this.line = undefined;
    this.provenAt = -Infinity;
    this.underway.clear();
    this.isSending = false;
    clearTimeout(this.timer);
    for (const client of Object.values(line) as Client[])
      (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    if (this.isStopped) return;
    this.noteDeafness(true);
    this.timer = setTimeout(() => void this.connect(), this.retryMs).unref();
    this.retryMs = Math.min(this.retryMs * 2, LAST_RETRY_MS);
  }

  private noteDeafness(isDeaf: boolean): void {
    if (this.wasDeaf === isDeaf) return;
    this.wasDeaf = isDeaf;
    this.events.onHearing(!isDeaf);
  }
}
