import { createHmac } from 'node:crypto';
import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { normalizeIp } from '@nestjs/throttler';
import { RateLimitedError } from '../../../kernel/errors.js';
import { CONFIG, MASTER_KEY } from '../../config/config.module.js';
import type { Config } from '../../config/config.js';
import { derivedKey } from '../../protection/sealing.js';
import { AttemptLanes } from './attempt-lanes.js';
import { LockNotices } from './lock-notices.js';
import {
  LoginCountersRepository,
  type Counted,
  type CounterKeys,
  type LockRules,
} from './login-counters.repository.js';

/**
 * 10 failures lock for a minute, each further one for twice as long, at most an hour. 100 in a row, from anywhere,
 * disable the secret until it is reset (NIST SP 800-63B-4, 3.2.2).
 */
const RULES: LockRules = { lockAfter: 10, firstLockSeconds: 60, longestLockSeconds: 3600, disableAfter: 100 };
/** An address that fails over many accounts: so many times its allowance of a minute, in ten minutes. */
const ADDRESS_WINDOW_SECONDS = 600;
const ADDRESS_ALLOWANCES = 5;
const SWEEP_MS = 15 * 60_000;

/** What somebody tries to prove, and whose it is. */
export interface AttemptSubject {
  /** Id of the tenant; null for the operators; where there is no such tenant, what was typed. */
  realm: string | null;
  /** The account, or where there is none, the address that was typed. */
  account: { id: string } | { email: string };
  /** `code`: second factors of all kinds together. Strangers can use up the tries at a password, but not those. */
  proof: 'password' | 'code';
}

/** One attempt, counted as failed until `succeeded` says otherwise. */
export interface Attempt {
  /** False: it must fail whatever was typed, in the same words and after the same time. */
  readonly isAdmitted: boolean;
  readonly subject: AttemptSubject;
  readonly keys: CounterKeys;
  readonly counted: Counted;
  readonly addressKey: string;
}

/**
 * Bounds how often anybody may guess. Every way in asks here before it looks at a secret: login, second factors, the
 * current password, recovery. Who exists and who does not is counted alike.
 *
 * The networks from which an account has signed in before have budgets of their own; all others share one. So strangers can
 * use up and lock theirs, and the owner still gets in from where they usually are. Only the 100 in a row count all together.
 */
@Injectable()
export class LoginAttempts implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(LoginAttempts.name);
  private readonly lanes = new AttemptLanes();
  private readonly key: Uint8Array;
  /** Failures of one address in ten minutes; 0: not limited. */
  private readonly addressLimit: number;
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly counters: LoginCountersRepository,
    private readonly notices: LockNotices,
    @Inject(CONFIG) config: Config,
    @Inject(MASTER_KEY) masterKey: Buffer,
  ) {
    this.key = derivedKey(masterKey, 'ringfence/login-counter');
    this.addressLimit = config.loginRateLimitPerMinute * ADDRESS_ALLOWANCES;
  }

  onModuleInit(): void {
    const sweep = () => this.counters.sweep().catch((error: unknown) => this.logger.warn(error));
    this.timer = setInterval(() => void sweep(), SWEEP_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /**
   * Whether the secret is right and may be tried; `verify` is asked in either case, so that both take as long. Throws
   * RateLimitedError for an address that failed too often, UnavailableError when too many wait; neither is a failure.
   */
  async check(subject: AttemptSubject, address: string, verify: () => Promise<boolean>): Promise<boolean> {
    const isRight = await this.run(subject, address, async () => (await verify()) || undefined);
    return isRight ?? false;
  }

  /**
   * As `check`, for what changes something when it is right: `work` is asked only when it may be tried. What it gives, or
   * undefined when it is wrong or may not be tried.
   */
  async attempt<T>(
    subject: AttemptSubject,
    address: string,
    work: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    return this.run(subject, address, async (isAdmitted) => (isAdmitted ? work() : undefined));
  }

  /** Counts an attempt as failed, and says whether it may go on. Throws RateLimitedError for an address that failed too often. */
  async begin(subject: AttemptSubject, address: string): Promise<Attempt> {
    const addressKey = this.digest('address', normalizeIp(address));
    if (this.addressLimit > 0) {
      const { spent, secondsLeft } = await this.counters.spend(addressKey, ADDRESS_WINDOW_SECONDS);
      if (spent > this.addressLimit) throw new RateLimitedError(Math.max(1, secondsLeft), ['login-failures']);
    }
    const keys = this.keysOf(subject, address);
    const counted = await this.counters.count(keys, accountIdOf(subject), RULES);
    return { isAdmitted: counted.isAdmitted, subject, keys, counted, addressKey };
  }

  /** Says that an admitted attempt was right, to the end: with the second factor, where one is needed. */
  async succeeded({ keys, counted, subject, addressKey }: Attempt): Promise<void> {
    await this.counters.succeed(keys, counted.pool, accountIdOf(subject));
    if (this.addressLimit > 0) await this.counters.refund(addressKey);
  }

  /** Says that an attempt was wrong, so that the owner is told when it was the one that locked. */
  failed({ subject, counted }: Attempt): void {
    const accountId = accountIdOf(subject);
    if (!counted.isAdmitted || accountId === null) return;
    const isDisabled = counted.total === RULES.disableAfter;
    if (!isDisabled && counted.failures < RULES.lockAfter) return;
    const { realm, proof } = subject;
    // The lengths between are written to the audit log; one mail for each row of failures is enough for a person.
    const isFirst = counted.failures === RULES.lockAfter;
    this.notices.locked({ realm, accountId, proof, isDisabled, isTold: isFirst || isDisabled });
  }

  /** Forgets the account's failures of these kinds: it proved itself by other means, or an administrator says so. */
  async clear(
    realm: string | null,
    accountId: string,
    proofs: readonly AttemptSubject['proof'][],
  ): Promise<void> {
    for (const proof of proofs)
      await this.counters.clear(this.subjectOf({ realm, account: { id: accountId }, proof }));
  }

  /** Whether one more of something is within so many an hour: mails to an account, say. */
  async isWithinHourly(what: string, of: string, limit: number): Promise<boolean> {
    return (await this.counters.spend(this.digest(what, of), 3600)).spent <= limit;
  }

  private run<T>(
    subject: AttemptSubject,
    address: string,
    work: (isAdmitted: boolean) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    return this.lanes.run(this.keysOf(subject, address).known, async () => {
      const attempt = await this.begin(subject, address);
      const result = await work(attempt.isAdmitted).catch(async (error: unknown) => {
        await this.withdraw(attempt);
        throw error;
      });
      if (result === undefined || !attempt.isAdmitted) {
        this.failed(attempt);
        return undefined;
      }
      await this.succeeded(attempt);
      return result;
    });
  }

  private async withdraw({ keys, counted, addressKey }: Attempt): Promise<void> {
    if (counted.isAdmitted) await this.counters.withdraw(keys, counted.pool, RULES);
    if (this.addressLimit > 0) await this.counters.refund(addressKey);
  }

  private keysOf(subject: AttemptSubject, address: string): CounterKeys {
    const ofAccount = this.subjectOf(subject);
    return {
      subject: ofAccount,
      known: this.digest('network', ofAccount, normalizeIp(address)),
      strangers: this.digest('strangers', ofAccount),
    };
  }

  private subjectOf({ realm, account, proof }: AttemptSubject): string {
    return this.digest('subject', realm, 'id' in account ? account.id : account.email, proof);
  }

  private digest(...parts: (string | null)[]): string {
    return createHmac('sha256', this.key).update(JSON.stringify(parts)).digest('base64url');
  }
}

const accountIdOf = ({ account }: AttemptSubject): string | null => ('id' in account ? account.id : null);
