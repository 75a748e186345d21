import { Inject, Injectable } from '@nestjs/common';
import { Registry } from '../../tenancy/registry/registry.js';
import { LoginCounter } from './login-counter.entity.js';

/** Networks from which an account signed in that are remembered; the newest stay. */
const KNOWN_NETWORKS = 20;
/** Counters of names that nobody has, kept at most; the newest stay. */
const UNKNOWN_ACCOUNTS = 100_000;

/** The digests under which one attempt is counted. */
export interface CounterKeys {
  /** All of the account's. */
  subject: string;
  /** Attempts from the network of this one, once the account has signed in from there. */
  known: string;
  /** Attempts from all other networks together. */
  strangers: string;
}

/** What an attempt found. */
export interface Counted {
  /** Whether it may be tried: the counter was not locked, nor the secret disabled. */
  isAdmitted: boolean;
  /** The key of the counter in which it counts: `known` or `strangers`. */
  pool: string;
  /** Failures in a row in that counter, this one included. */
  failures: number;
  /** Failures in a row from anywhere, this one included. */
  total: number;
}

/** Limits and times of the counters. */
export interface LockRules {
  lockAfter: number;
  firstLockSeconds: number;
  longestLockSeconds: number;
  disableAfter: number;
}

const COUNT_IN_POOL = `
  INSERT INTO platform.login_counter AS counter (key, subject, account_id, failures, since, last_failed_at)
  VALUES ($1, $2, $3, 1, clock_timestamp(), clock_timestamp())
  ON CONFLICT (key) DO UPDATE SET
    account_id = excluded.account_id,
    failures = CASE WHEN counter.last_failed_at < clock_timestamp() - interval '24 hours' THEN 1
                    ELSE counter.failures + 1 END,
    last_failed_at = clock_timestamp(),
    locked_until = CASE WHEN counter.failures + 1 >= $4
                         AND counter.last_failed_at >= clock_timestamp() - interval '24 hours'
                        THEN clock_timestamp() + make_interval(
                               secs => least($6, $5 * power(2, least(counter.failures + 1 - $4, 20)))) END
  WHERE counter.locked_until IS NULL OR counter.locked_until <= clock_timestamp()
  RETURNING failures`;

const COUNT_IN_ALL = `
  INSERT INTO platform.login_counter AS counter (key, subject, account_id, failures, since, last_failed_at)
  VALUES ($1, $1, $2, 1, clock_timestamp(), clock_timestamp())
  ON CONFLICT (key) DO UPDATE SET
    account_id = excluded.account_id, failures = counter.failures + 1, last_failed_at = clock_timestamp()
  WHERE counter.failures < $3
  RETURNING failures`;

const REMEMBER_NETWORK = `
  INSERT INTO platform.login_counter AS counter
    (key, subject, account_id, failures, since, last_failed_at, known_since)
  VALUES ($1, $2, $3, 0, clock_timestamp(), clock_timestamp(), clock_timestamp())
  ON CONFLICT (key) DO UPDATE SET
    failures = 0, since = clock_timestamp(), locked_until = NULL,
    known_since = coalesce(counter.known_since, clock_timestamp())`;

const FORGET_OLD_NETWORKS = `
  DELETE FROM platform.login_counter WHERE key IN (
    SELECT key FROM platform.login_counter WHERE subject = $1 AND known_since IS NOT NULL
     ORDER BY since DESC OFFSET $2)`;

const SPEND = `
  INSERT INTO platform.login_counter AS counter (key, subject, failures, since, last_failed_at)
  VALUES ($1, $1, 1, clock_timestamp(), clock_timestamp())
  ON CONFLICT (key) DO UPDATE SET
    failures = CASE WHEN counter.since < clock_timestamp() - make_interval(secs => $2) THEN 1
                    ELSE counter.failures + 1 END,
    since = CASE WHEN counter.since < clock_timestamp() - make_interval(secs => $2) THEN clock_timestamp()
                 ELSE counter.since END,
    last_failed_at = clock_timestamp()
  RETURNING failures AS spent,
            ceil(extract(epoch FROM since + make_interval(secs => $2) - clock_timestamp()))::int AS "secondsLeft"`;

const FORGET_UNKNOWN = `
  DELETE FROM platform.login_counter
   WHERE account_id IS NULL AND (last_failed_at < now() - interval '24 hours' OR key IN (
     SELECT key FROM platform.login_counter WHERE account_id IS NULL
      ORDER BY last_failed_at DESC OFFSET $1))`;

interface Row {
  failures: number;
}

/** The counters, which all nodes share. Times are the database's. Each call is a short transaction of its own. */
@Injectable()
export class LoginCountersRepository {
  constructor(@Inject(Registry) private readonly registry: Registry) {}

  /**
   * Counts an attempt as failed before anybody knows whether it does, in one step with asking for the lock: of many at
   * once, on however many nodes, no more than the limit are admitted.
   */
  async count(keys: CounterKeys, accountId: string | null, rules: LockRules): Promise<Counted> {
    const { lockAfter, firstLockSeconds, longestLockSeconds, disableAfter } = rules;
    return this.registry.transaction(async (manager) => {
      const isKnown = await manager
        .getRepository(LoginCounter)
        .createQueryBuilder('counter')
        .where('counter.key = :key AND counter.knownSince IS NOT NULL', { key: keys.known })
        .getExists();
      const pool = isKnown ? keys.known : keys.strangers;
      const [inPool] = await manager.query<Row[]>(COUNT_IN_POOL, [
        pool,
        keys.subject,
        accountId,
        lockAfter,
        firstLockSeconds,
        longestLockSeconds,
      ]);
      const [inAll] = inPool
        ? await manager.query<Row[]>(COUNT_IN_ALL, [keys.subject, accountId, disableAfter])
        : [];
      return {
        isAdmitted: inAll !== undefined,
        pool,
        failures: inPool?.failures ?? 0,
        total: inAll?.failures ?? 0,
      };
    });
  }

  /** Ends the row of failures, and remembers the network. What strangers failed at elsewhere stays counted. */
  async succeed(keys: CounterKeys, pool: string, accountId: string | null): Promise<void> {
    await this.registry.transaction(async (manager) => {
      const counters = manager.getRepository(LoginCounter);
      if (pool === keys.strangers) await counters.delete({ key: pool });
      await manager.query(REMEMBER_NETWORK, [keys.known, keys.subject, accountId]);
      await counters.delete({ key: keys.subject });
      await manager.query(FORGET_OLD_NETWORKS, [keys.subject, KNOWN_NETWORKS]);
    });
  }

  /** Takes back an attempt that was never tried. */
  async withdraw(keys: CounterKeys, pool: string, { lockAfter }: LockRules): Promise<void> {
    await this.registry.query(
      `UPDATE platform.login_counter
          SET failures = greatest(failures - 1, 0),
              locked_until = CASE WHEN failures - 1 < $3 THEN NULL ELSE locked_until END
        WHERE key IN ($1, $2)`,
      [pool, keys.subject, lockAfter],
    );
  }

  /** Forgets all failures of the account; the networks that it is known from stay. */
  async clear(subject: string): Promise<void> {
    await this.registry.query(
      `UPDATE platform.login_counter SET failures = 0, locked_until = NULL WHERE subject = $1`,
      [subject],
    );
  }

  /** Spends one of a budget that is whole again after each window; what was spent in this one, and what is left of it. */
  async spend(key: string, windowSeconds: number): Promise<{ spent: number; secondsLeft: number }> {
    const [row] = await this.registry.query<{ spent: number; secondsLeft: number }[]>(SPEND, [
      key,
      windowSeconds,
    ]);
    return row!;
  }

  async refund(key: string): Promise<void> {
    await this.registry.query(
      'UPDATE platform.login_counter SET failures = greatest(failures - 1, 0) WHERE key = $1',
      [key],
    );
  }

  /** Forgets counters of a day ago that belong to no account, and the oldest where there are too many. */
  async sweep(): Promise<void> {
    await this.registry.query(FORGET_UNKNOWN, [UNKNOWN_ACCOUNTS]);
  }
}
