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
}

/**
 * Listens on one database, over a connection of its own. Notifications come in the order of their commits, so one that
 * the node sent itself and got back proves that it has heard all before it. Whatever goes wrong, it tries again.
 */
export class ChangeListener {
  private readonly beatChannel = `ringfence_beat_${randomBytes(12).toString('hex')}`;
  private client: Client | undefined;
  private timer: NodeJS.Timeout | undefined;
  private retryMs = FIRST_RETRY_MS;
  private isStopped = true;
  private beat = 0;
  private isSending = false;
  /** When each beat was sent that has not come back yet; `performance.now()`. */
  private readonly underway = new Map<string, number>();
  private provenAt = -Infinity;

  constructor(
    private readonly login: PoolConfig,
    private readonly events: ListenerEvents,
  ) {}

  /** Whether all that was committed until `FRESH_MS` ago has been heard. */
  get isLive(): boolean {
    return performance.now() - this.provenAt < FRESH_MS;
  }

  /** Resolves when the first attempt to listen has succeeded or failed. */
  async start(): Promise<void> {
    this.isStopped = false;
    await this.connect();
  }

  stop(): void {
    this.isStopped = true;
    this.drop(this.client);
    clearTimeout(this.timer);
  }

  private async connect(): Promise<void> {
    const client = new Client({ ...this.login, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
    this.client = client;
    client.on('notification', (notification) => this.hear(client, notification));
    client.on('error', () => this.drop(client));
    client.on('end', () => this.drop(client));
    try {
      await client.connect();
      // A beat need not reach the disk before it counts.
      await client.query(
        `SET synchronous_commit = off; LISTEN ${CHANGES_CHANNEL}; LISTEN ${this.beatChannel}`,
      );
      if (this.client !== client) return;
      this.events.onGap();
      this.retryMs = FIRST_RETRY_MS;
      this.keepBeating(client);
    } catch {
      this.drop(client);
    }
  }

  private hear(client: Client, { channel, payload = '' }: Notification): void {
    if (this.client !== client) return;
    if (channel === CHANGES_CHANNEL) this.events.onChange(payload);
    const sentAt = channel === this.beatChannel ? this.underway.get(payload) : undefined;
    if (sentAt === undefined) return;
    this.underway.delete(payload);
    this.provenAt = sentAt;
  }

  private keepBeating(client: Client): void {
    const now = performance.now();
    const [oldest = now] = this.underway.values();
    if (now - oldest > LOST_MS) {
      this.drop(client);
      return;
    }
    if (!this.isSending) void this.send(client, String(++this.beat), now);
    this.timer = setTimeout(() => this.keepBeating(client), BEAT_MS).unref();
  }

  private async send(client: Client, beat: string, now: number): Promise<void> {
    this.underway.set(beat, now);
    this.isSending = true;
    try {
      await client.query('SELECT pg_notify($1, $2)', [this.beatChannel, beat]);
      this.isSending = false;
    } catch {
      this.drop(client);
    }
  }

  /** Gives the connection up, which may be dead without knowing it, and tries anew a little later. */
  private drop(client: Client | undefined): void {
    if (!client || this.client !== client) return;
    this.client = undefined;
    this.provenAt = -Infinity;
    this.underway.clear();
    this.isSending = false;
    clearTimeout(this.timer);
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    if (this.isStopped) return;
    this.timer = setTimeout(() => void this.connect(), this.retryMs).unref();
    this.retryMs = Math.min(this.retryMs * 2, LAST_RETRY_MS);
  }
}
