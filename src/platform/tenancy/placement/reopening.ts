/** What may be away when it is first opened, and is then tried again from time to time, while nobody waits for it. */
export class Reopening<T> {
  private opened: T | undefined;
  private trying: Promise<T> | undefined;
  private failedAt: number | undefined;
  private failure: unknown;

  constructor(
    private readonly open: () => Promise<T>,
    private readonly pauseMs: number,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * What was opened. The first time this waits for it; after a failure it throws the reason of that failure at once,
   * and sees to it, when the pause is over, that another attempt is made meanwhile.
   */
  async get(): Promise<T> {
    if (this.opened !== undefined) return this.opened;
    if (this.failedAt === undefined) return this.attempt();
    if (!this.trying && this.now() - this.failedAt >= this.pauseMs) this.attempt().catch(() => undefined);
    throw this.failure;
  }

  /** What was opened; undefined before that. */
  get current(): T | undefined {
    return this.opened;
  }

  /** Resolves when no attempt is under way. */
  async settled(): Promise<void> {
    await this.trying?.catch(() => undefined);
  }

  private attempt(): Promise<T> {
    this.trying ??= this.open()
      .then((opened) => (this.opened = opened))
      .catch((error: unknown) => {
        this.failure = error;
        this.failedAt = this.now();
        throw error;
      })
      .finally(() => {
        this.trying = undefined;
      });
    return this.trying;
  }
}
