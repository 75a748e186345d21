import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { UnavailableError } from '../../../kernel/errors.js';

const AT_ONCE = 2;
const MAX_WAITING = 500;

/** Work that goes on after the answer, so that the answer's time says nothing of it. Finished before the process ends. */
@Injectable()
export class Errands implements OnModuleDestroy {
  private readonly logger = new Logger(Errands.name);
  private readonly waiting: (() => Promise<unknown>)[] = [];
  private readonly underWay = new Set<Promise<void>>();

  /** Throws UnavailableError when too much waits already. */
  run(work: () => Promise<unknown>): void {
    if (this.waiting.length >= MAX_WAITING) throw new UnavailableError();
    this.waiting.push(work);
    if (this.underWay.size >= AT_ONCE) return;
    const worker: Promise<void> = this.workOff().finally(() => this.underWay.delete(worker));
    this.underWay.add(worker);
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.underWay);
  }

  private async workOff(): Promise<void> {
    for (let work = this.waiting.shift(); work; work = this.waiting.shift()) {
      try {
        await work();
      } catch (error) {
        this.logger.error('Work after an answer failed', error instanceof Error ? error.stack : error);
      }
    }
  }
}
