import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Changes } from '../../tenancy/changes/changes.js';
import { earliestTurn, nextTurn, scheduleOf, type ScheduledKey } from './key-schedule.js';
import type { KeyWrapping } from './key-wrapping.js';
import type { SigningKey } from './signing-key.entity.js';
import type { SigningKeys } from './signing-keys.js';
import type { KeyWork, SigningKeysRepository } from './signing-keys.repository.js';

/** A node that missed an announcement has read the keys anew after so long; far less than a key is published ahead. */
const TEND_MS = 60_000;

/** Sees that there is always a next key, that it takes over in time, and that old ones go. Of several nodes, one acts. */
export class KeyRotation implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(KeyRotation.name);
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly repository: SigningKeysRepository,
    private readonly wrapping: KeyWrapping,
    private readonly rotationDays: number,
  ) {}

  /** Makes what keys are missing, and retires those whose last token has expired. */
  async tend(): Promise<void> {
    if (isTended(scheduleOf(await this.repository.findAll(), new Date()))) return;
    await this.repository.inTurn((work) => this.tendIn(work));
  }

  /**
   * Lets the next key take over as soon as it has been published long enough; at once if it has. Tokens of the key
   * before it stay good until they expire. Returns the keys as they are then.
   */
  async rotate(): Promise<ScheduledKey<SigningKey>[]> {
    await this.repository.inTurn(async (work) => {
      const now = new Date();
      const keys = await this.tendIn(work);
      const next = scheduleOf(keys, now).findLast(({ state }) => state === 'next');
      if (next) await work.update(next.key.kid, { signsFrom: earliestTurn(next.key, now) });
    });
    await this.tend();
    return this.schedule();
  }

  async schedule(): Promise<ScheduledKey<SigningKey>[]> {
    return scheduleOf(await this.repository.findAll(), new Date());
  }

  /** Keeps what this node holds up to date, from now on. */
  follow(changes: Changes, keys: SigningKeys): this {
    const reload = () => keys.reload().catch((error: unknown) => this.logger.error(error));
    changes.onChange(({ subject }) => {
      if (subject === 'signing_keys' || subject === 'everything') void reload();
    });
    this.regularly = () => this.tend().then(reload);
    return this;
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.regularly().catch((error: unknown) => this.logger.error(error));
    }, TEND_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private regularly: () => Promise<void> = () => this.tend();

  private async tendIn({ keys, insert, update }: KeyWork): Promise<SigningKey[]> {
    const now = new Date();
    const all = [...keys];
    const make = async (signsFrom: Date): Promise<SigningKey> => {
      const key = { ...(await this.wrapping.generate()), signsFrom };
      await insert(key);
      const made = { ...key, createdAt: now, retiredAt: null };
      all.push(made);
      return made;
    };
    const schedule = scheduleOf(keys, now);
    const current = schedule.find(({ state }) => state === 'current')?.key ?? (await make(now));
    if (!schedule.some(({ state }) => state === 'next'))
      await make(nextTurn(current, now, this.rotationDays));
    for (const { key } of schedule.filter((scheduled) => isOver(scheduled, now)))
      await update(key.kid, { privateJwe: '', retiredAt: now });
    return all;
  }
}

const isOver = ({ state, until }: ScheduledKey<SigningKey>, now: Date): boolean =>
  state === 'previous' && until !== null && until <= now;

function isTended(schedule: readonly ScheduledKey<SigningKey>[]): boolean {
  const now = new Date();
  const has = (wanted: string): boolean => schedule.some(({ state }) => state === wanted);
  return has('current') && has('next') && !schedule.some((scheduled) => isOver(scheduled, now));
}
