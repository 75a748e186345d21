import { AsyncResource } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { TenantDirectory } from '../../tenancy/registry/tenant-directory.js';
import { BrokenLogError } from '../log/audit-logs.js';
import { Checkpoints } from '../log/checkpoints.js';
import { hasLog, logOf, type Realm } from '../log/log-door.js';
import { ChainBuilder } from './chain-builder.js';

/** How long an entry waits for its place in the chain, for more of them to come along. */
const DELAY_MS = 300;
const EXPORT_MS = 30_000;
const ROUND_MS = 10 * 60_000;
const FIRST_ROUND_MS = 5000;
/** Between two logs of a round, so that nobody feels it. */
const PAUSE_MS = 20;
const AT_A_TIME = 4;

/**
 * Keeps the chains up with what is written: shortly after each entry, and every ten minutes all logs, for what a process
 * left behind that was killed. Signed statements of how far each log has come leave the database twice a minute.
 */
@Injectable()
export class Sequencer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Sequencer.name);
  private readonly dirty = new Map<string, Realm>();
  private readonly unexported = new Map<string, string>();
  private readonly timers: NodeJS.Timeout[] = [];
  private due: NodeJS.Timeout | undefined;
  private underWay: Promise<void> = Promise.resolve();
  private isStopping = false;
  /** Chaining is no part of the request, or of the transaction, that gave rise to it. */
  private readonly outside = new AsyncResource('Sequencer');

  constructor(
    private readonly builder: ChainBuilder,
    private readonly checkpoints: Checkpoints,
    private readonly tenants: TenantDirectory,
  ) {}

  onApplicationBootstrap(): void {
    const round = (): void => void this.round().catch((error: unknown) => this.report('a round', error));
    this.timers.push(
      setTimeout(round, FIRST_ROUND_MS).unref(),
      setInterval(round, ROUND_MS).unref(),
      setInterval(() => void this.exportNewest(), EXPORT_MS).unref(),
    );
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopping = true;
    for (const timer of this.timers) clearTimeout(timer);
    clearTimeout(this.due);
    await this.underWay;
    await this.buildDirty();
    await this.exportNewest();
  }

  /** Something was written to the log, and committed. */
  touch(realm: Realm): void {
    this.dirty.set(logOf(realm), realm);
    if (this.isStopping) return;
    this.due ??= this.outside.runInAsyncScope(() => setTimeout(() => this.fallDue(), DELAY_MS).unref());
  }

  /** The log is gone, with its tenant. */
  forget(log: string): void {
    this.dirty.delete(log);
    this.unexported.delete(log);
  }

  /** Chains what waits in the log now. Throws BrokenLogError. */
  async build(realm: Realm): Promise<void> {
    this.remember(logOf(realm), (await this.builder.build(realm, { wait: true })).statement);
  }

  private fallDue(): void {
    this.due = undefined;
    this.underWay = this.underWay.then(() => this.buildDirty());
  }

  private async buildDirty(): Promise<void> {
    const waiting = [...this.dirty.values()];
    this.dirty.clear();
    const work = async (): Promise<void> => {
      for (let realm = waiting.pop(); realm !== undefined; realm = waiting.pop())
        await this.buildOrReport(realm);
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, work));
  }

  /** Looks after all logs, whoever wrote to them. */
  private async round(): Promise<void> {
    await this.buildOrReport(null);
    for (const realm of (await this.tenants.all()).filter(hasLog)) {
      if (this.isStopping) return;
      await sleep(PAUSE_MS);
      await this.buildOrReport(realm);
    }
  }

  private async buildOrReport(realm: Realm): Promise<void> {
    try {
      const { statement, isTaken } = await this.builder.build(realm);
      this.remember(logOf(realm), statement);
      if (isTaken) this.touch(realm);
    } catch (error) {
      this.report(logOf(realm), error);
    }
  }

  private remember(log: string, statement: string | undefined): void {
    if (statement !== undefined) this.unexported.set(log, statement);
  }

  private async exportNewest(): Promise<void> {
    const statements = [...this.unexported];
    this.unexported.clear();
    try {
      await this.checkpoints.export(statements.map(([, statement]) => statement));
    } catch (error) {
      for (const [log, statement] of statements)
        if (!this.unexported.has(log)) this.unexported.set(log, statement);
      this.report('the export of checkpoints', error);
    }
  }

  private report(what: string, error: unknown): void {
    if (error instanceof BrokenLogError) this.logger.error(error.message);
    else
      this.logger.warn(
        `The audit log was not chained (${what})`,
        error instanceof Error ? error.stack : error,
      );
  }
}
