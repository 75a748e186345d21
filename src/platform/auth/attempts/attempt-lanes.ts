import { UnavailableError } from '../../../kernel/errors.js';

/** Far below the failures that lock: right passwords sent at once pass, each ending the count before it locks. */
const AT_ONCE = 4;
const MAX_WAITING = 64;

interface Lane {
  running: number;
  waiting: (() => void)[];
}

/** Lets few attempts on one account run at once; the others wait their turn. */
export class AttemptLanes {
  private readonly lanes = new Map<string, Lane>();

  /** Throws UnavailableError when too many wait already. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const lane = this.lanes.get(key) ?? { running: 0, waiting: [] };
    this.lanes.set(key, lane);
    if (lane.running < AT_ONCE) lane.running++;
    else if (lane.waiting.length < MAX_WAITING)
      await new Promise<void>((proceed) => lane.waiting.push(proceed));
    else throw new UnavailableError();
    try {
      return await work();
    } finally {
      const next = lane.waiting.shift();
      // Whoever waited longest takes the place over, so that nobody slips in between.
      if (next) next();
      else if (--lane.running === 0) this.lanes.delete(key);
    }
  }
}
