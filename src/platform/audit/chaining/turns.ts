/** Work that is dear and says the same to all who ask: done once at a time for each key, and once more for all who come meanwhile. */
export class Turns<T> {
  private readonly underWay = new Map<string, Promise<T>>();
  private readonly next = new Map<string, Promise<T>>();

  /** The outcome of work that begins after the call. */
  take(key: string, work: () => Promise<T>): Promise<T> {
    const running = this.underWay.get(key);
    if (!running) return this.begin(key, work);
    const known = this.next.get(key);
    if (known) return known;
    const next = running
      .catch(() => undefined)
      .then(() => {
        this.next.delete(key);
        return this.begin(key, work);
      });
    this.next.set(key, next);
    return next;
  }

  private begin(key: string, work: () => Promise<T>): Promise<T> {
    const running = work().finally(() => this.underWay.delete(key));
    this.underWay.set(key, running);
    return running;
  }
}
