/** A row that is being made, changed or removed. */
export interface RowChange {
  kind: 'created' | 'updated' | 'removed';
  /** Name of the table. */
  table: string;
  id: string;
  /** Undefined for a row that is made. */
  before?: object | undefined;
  /** Undefined for a row that is removed. */
  after?: object | undefined;
}

/** Told of a change inside the transaction that makes it: when it throws, nothing is changed. */
export type ChangeListener = (change: RowChange) => Promise<void>;

/** Where what changes is told, by those who change it, to whoever must know. */
export class ChangeFeed {
  private readonly listeners: ChangeListener[] = [];

  listen(listener: ChangeListener): void {
    this.listeners.push(listener);
  }

  async tell(change: RowChange): Promise<void> {
    for (const listener of this.listeners) await listener(change);
  }
}
