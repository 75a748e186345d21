/** No transaction lasts longer; a mark that is still out then is of one that was undone. */
const HELD_MS = 60_000;

interface Hold {
  subject: string;
  until: number;
}

/**
 * What this node itself is changing: from the announcement until the node has heard its own mark, and so for as long as
 * the transaction takes, nobody may answer from memory. Fails closed: when it cannot keep any more, all is held.
 */
export class Holds {
  private readonly byMark = new Map<string, Hold>();
  /** How many marks are out for a subject. */
  private readonly counts = new Map<string, number>();

  /** Until when all is held, since a mark had no room. */
  private allUntil = -Infinity;

  constructor(private readonly max: number) {}

  add(mark: string, subject: string): void {
    this.removeOld();
    if (this.byMark.size >= this.max) {
      this.allUntil = performance.now() + HELD_MS;
      return;
    }
    this.byMark.set(mark, { subject, until: performance.now() + HELD_MS });
    this.counts.set(subject, (this.counts.get(subject) ?? 0) + 1);
  }

  remove(mark: string): void {
    const hold = this.byMark.get(mark);
    if (!hold) return;
    this.byMark.delete(mark);
    const left = this.counts.get(hold.subject)! - 1;
    if (left > 0) this.counts.set(hold.subject, left);
    else this.counts.delete(hold.subject);
  }

  has(subject: string): boolean {
    this.removeOld();
    return performance.now() < this.allUntil || this.counts.has(subject);
  }

  private removeOld(): void {
    const now = performance.now();
    for (const [mark, { until }] of this.byMark) {
      if (until > now) return;
      this.remove(mark);
    }
  }
}
