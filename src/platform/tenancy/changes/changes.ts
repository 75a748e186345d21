import { LRUCache } from 'lru-cache';
import type { PoolConfig } from 'pg';
import { CHANGES_CHANNEL, ChangeListener } from './change-listener.js';
import { formatChange, keyOf, OF_EVERYTHING, parseChange, type Change } from './change.js';

/** Longer than an announcement takes to come back while the feed is live. */
const HELD_MS = 1000;
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
  private readonly held = new LRUCache<string, true>({ max: HELD_AT_MOST, ttl: HELD_MS });
  private heard = 0;

  /** `logins`: one for each database in which changes are announced, past any pooler that shares sessions. */
  constructor(logins: readonly PoolConfig[]) {
    this.sources = logins.map(
      (login) =>
        new ChangeListener(login, {
          onChange: (text) => this.tell(parseChange(text)),
          onGap: () => this.tell(OF_EVERYTHING),
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
  get isLive(): boolean {
    return this.sources.length > 0 && this.sources.every((source) => source.isLive);
  }

  /** Grows with each change: what was read before it did may be older than the change. */
  get generation(): number {
    return this.heard;
  }

  /** Announces a change that the sender's transaction makes; all nodes hear of it when that commits. */
  async announce(sender: Sender, change: Change): Promise<void> {
    // This node must not answer from memory while the announcement is under way to itself.
    this.held.set(keyOf(change), true);
    this.tell(change);
    await sender.query('SELECT pg_notify($1, $2)', [CHANGES_CHANNEL, formatChange(change)]);
  }

  /** Whether this node itself is changing one of these just now. */
  isHeld(subjects: readonly Change[]): boolean {
    return subjects.some((subject) => this.held.has(keyOf(subject)));
  }

  /** Called for every change, from here or elsewhere; must not throw. */
  onChange(listener: (change: Change) => void): void {
    this.listeners.add(listener);
  }

  private tell(change: Change): void {
    this.heard++;
    for (const listener of this.listeners) listener(change);
  }
}
