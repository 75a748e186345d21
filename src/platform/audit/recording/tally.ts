import { AsyncResource } from 'node:async_hooks';

interface Window<T> {
  seen: number;
  newest: T;
}

/** More kinds of things at a time are counted together. */
const MAX_KEYS = 10_000;
const REST = 'rest';

export interface TallyOptions<T> {
  windowMs: number;
  /** So many of a kind go through in each window; of the rest the number is told at its end. */
  burst: number;
  tell: (newest: T, count: number) => Promise<void>;
}

/** Lets what happens over and over through a few times, and counts the rest, so that no log is flooded. */
export class Tally<T> {
  private readonly windows = new Map<string, Window<T>>();
  private readonly timers = new Set<NodeJS.Timeout>();
  /** So that no timer keeps the request alive in which it was set, nor runs as if it were part of it. */
  private readonly outside = new AsyncResource('Tally');

  constructor(private readonly options: TallyOptions<T>) {}

  /** Whether this one is to be told by itself. */
  passes(kind: string, item: T): boolean {
    const key = this.windows.size < MAX_KEYS || this.windows.has(kind) ? kind : REST;
    const window = this.windows.get(key);
    if (window) {
      window.seen++;
      window.newest = item;
      return window.seen <= this.options.burst;
    }
    this.windows.set(key, { seen: 1, newest: item });
    this.outside.runInAsyncScope(() => this.closeLater(key));
    return true;
  }

  /** Tells now what was counted. */
  async flush(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    for (const key of [...this.windows.keys()]) await this.close(key);
  }

  private closeLater(key: string): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      void this.close(key);
    }, this.options.windowMs).unref();
    this.timers.add(timer);
  }

  private async close(key: string): Promise<void> {
    const window = this.windows.get(key);
    this.windows.delete(key);
    const rest = (window?.seen ?? 0) - this.options.burst;
    if (window && rest > 0) await this.options.tell(window.newest, rest);
  }
}
