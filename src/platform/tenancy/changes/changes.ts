import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { PoolConfig } from 'pg';
import { MAIN_DATABASE } from '../../config/environment.js';
import { CHANGES_CHANNEL, ChangeListener } from './change-listener.js';
import { formatChange, keyOf, markIn, OF_EVERYTHING, parseChange, type Change } from './change.js';
import { Holds } from './holds.js';

const HELD_AT_MOST = 10_000;

/** What can send a statement: a manager of TypeORM, in its transaction if there is one. */
interface Sender {
  query(sql: string, values: unknown[]): Promise<unknown>;
}

/**
 * Tells every node, within a second, what it may not remember any more. Whoever changes such a thing announces it in
 * the same transaction; PostgreSQL delivers with the commit, in order. Fails closed: a node that cannot be sure to
 * hear is not live, and remembers nothing.
 */
export class Changes {
  private readonly sources = new Map<string, ChangeListener>();
  private readonly listeners = new Set<(change: Change) => void>();
  private readonly held = new Holds(HELD_AT_MOST);
  private readonly logger = new Logger(Changes.name);
  private readonly node = randomBytes(9).toString('base64url');
  private announced = 0;
  private heard = 0;
  private isStarted = false;

  /** `login`: to the registry's database, past any pooler that shares sessions. Without it nothing is ever heard. */
  constructor(login?: PoolConfig) {
    if (login) this.listenTo(MAIN_DATABASE, login);
  }

  /**
   * Listens also where tenants live that are not beside the registry: on a further database, or on a node of Citus. What
   * is announced in a tenant's transaction is heard there alone. May be called before `start` or after it.
   */
  listenTo(database: string, login: PoolConfig): void {
    if (this.sources.has(database)) return;
    const source = new ChangeListener(login, {
      onChange: (text) => this.hear(text),
      onGap: () => this.tell(OF_EVERYTHING),
      onHearing: (isHearing) => this.report(database, isHearing),
    });
    this.sources.set(database, source);
    if (this.isStarted) void source.start();
  }

  async start(): Promise<void> {
    this.isStarted = true;
    await Promise.all([...this.sources.values()].map((source) => source.start()));
  }

  stop(): void {
    this.isStarted = false;
    for (const source of this.sources.values()) source.stop();
  }

  /** Whether every change of three quarters of a second ago, and older, has been heard of all these databases. */
  isLive(databases: readonly string[] = [MAIN_DATABASE]): boolean {
    return databases.every((database) => this.sources.get(database)?.isLive() ?? false);
  }

  /** Grows with each change: what was read before it did may be older than the change. */
  get generation(): number {
    return this.heard;
  }

  /** Announces a change that the sender's transaction makes; all nodes hear of it when that commits. */
  async announce(sender: Sender, change: Change): Promise<void> {
    // This node must not answer from memory until the announcement has come back to itself.
    const mark = `${this.node} ${++this.announced}`;
    this.held.add(mark, keyOf(change));
    this.tell(change);
    await sender.query('SELECT pg_notify($1, $2)', [CHANGES_CHANNEL, formatChange(change, mark)]);
  }

  /** Whether this node itself is changing one of these just now. */
  isHeld(subjects: readonly Change[]): boolean {
    return subjects.some((subject) => this.held.has(keyOf(subject)));
  }

  /** Called for every change, from here or elsewhere; must not throw. */
  onChange(listener: (change: Change) => void): void {
    this.listeners.add(listener);
  }

  private hear(text: string): void {
    this.tell(parseChange(text));
    const mark = markIn(text);
    if (mark !== undefined) this.held.remove(mark);
  }

  private report(database: string, isHearing: boolean): void {
    const where = database === MAIN_DATABASE ? '' : ` on ${database}`;
    if (isHearing) this.logger.log(`hears of changes${where} again, and remembers callers`);
    else
      this.logger.warn(`does not hear of changes${where}: asks the database about each caller until it does`);
  }

  private tell(change: Change): void {
    this.heard++;
    for (const listener of this.listeners) listener(change);
  }
}
