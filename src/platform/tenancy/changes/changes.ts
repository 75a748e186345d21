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
  private readonly sources: readonly ChangeListener[];
  private readonly listeners = new Set<(change: Change) => void>();
  private readonly held = new Holds(HELD_AT_MOST);
  private readonly logger = new Logger(Changes.name);
  private readonly node = randomBytes(9).toString('base64url');
  private announced = 0;
  private heard = 0;

  /** `logins`: past any pooler that shares sessions; `databases`: whose announcements they hear. */
  constructor(
    logins: readonly PoolConfig[],
    private readonly databases: readonly string[] = [MAIN_DATABASE],
  ) {
    this.sources = logins.map(
      (login) =>
        new ChangeListener(login, {
          onChange: (text) => this.hear(text),
          onGap: () => this.tell(OF_EVERYTHING),
          onHearing: (isHearing) => this.report(isHearing),
        }),
    );
  }

  async start(): Promise<void> {
    await Promise.all(this.sources.map((source) => source.start()));
  }

  stop(): void {
    for (const source of this.sources) source.stop();
  }

  /** Whether every change of three quarters of a second ago, and older, has been heard here. */
  isLive(): boolean {
    return this.sources.length > 0 && this.sources.every((source) => source.isLive());
  }

  /** Whether what is announced in that database arrives here; else nothing of its tenants may be remembered. */
  hearsOf(database: string): boolean {
    return this.databases.includes(database);
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

  private report(isHearing: boolean): void {
    if (isHearing) this.logger.log('hears of changes again, and remembers callers');
    else this.logger.warn('does not hear of changes: asks the database about each caller until it does');
  }

  private tell(change: Change): void {
    this.heard++;
    for (const listener of this.listeners) listener(change);
  }
}
