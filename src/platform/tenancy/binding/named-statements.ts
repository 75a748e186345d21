import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { DatabaseError, Query, type PoolClient, type QueryConfig, type QueryResult } from 'pg';
import { UnavailableError } from '../../../kernel/errors.js';

/** Longer ones are lists of values that never come again in the same length. */
const MAX_TEXT_LENGTH = 8192;
const DATA = /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b/i;
const NAME_BYTES = 16;

/** SQLSTATE feature_not_supported; what a plan says whose columns are not those it was made for. */
const FEATURE_NOT_SUPPORTED = '0A000';
const PLAN_ROUTINE = 'RevalidateCachedQuery';
/** invalid_sql_statement_name, duplicate_prepared_statement: server and client disagree about what is prepared. */
const OUT_OF_STEP = new Set(['26000', '42P05']);

/** A plan went stale, or a name was lost, inside a transaction: it has failed, and only all of it can be tried again. */
export class StaleStatementError extends UnavailableError {
  constructor(cause: Error) {
    super('overloaded', 'The tables have just changed; retry.', 1, { cause });
  }
}

/** What of node-pg's connection is not declared: how a statement is closed, and the notes of what was parsed. */
interface StatementConnection {
  parsedStatements: Record<string, string>;
  close(message: { type: 'S'; name: string }): void;
}

type NamedQuery = QueryConfig & { name: string };

/** The statements that one connection keeps prepared. */
class StatementBook {
  /** By the text; the values are their names. */
  readonly named: LRUCache<string, string>;
  /** Texts that came once. A list of another length each time gets no further, and evicts nothing that is used. */
  private readonly seen: LRUCache<string, true>;
  /** Names that the server still holds though they lost their place. One that is given again is closed before, too: its plan may be stale. */
  readonly evicted = new Set<string>();

  constructor(limit: number) {
    this.named = new LRUCache({ max: limit, dispose: (name) => this.evicted.add(name) });
    this.seen = new LRUCache({ max: limit });
  }

  /** The name under which to send the text; undefined for one that is not worth it yet. */
  nameFor(text: string): string | undefined {
    const known = this.named.get(text);
    if (known !== undefined) return known;
    if (!this.seen.get(text)) {
      this.seen.set(text, true);
      return undefined;
    }
    this.seen.delete(text);
    const name = createHash('sha256')
      .update(text)
      .digest('hex')
      .slice(0, 2 * NAME_BYTES);
    this.named.set(text, name);
    return name;
  }

  /** Closes in the server what lost its place, in front of the next statement and without a round trip of its own. */
  closeEvicted(connection: StatementConnection, next: NamedQuery): void {
    for (const name of this.evicted) {
      connection.close({ type: 'S', name });
      Reflect.deleteProperty(connection.parsedStatements, name);
    }
    this.evicted.clear();
    // One that was evicted while it waited for its turn is parsed once more, and closed after it.
    if (!this.named.has(next.text)) this.evicted.add(next.name);
  }
}

/**
 * Keeps statements of tenants prepared, so that PostgreSQL parses and plans them once a connection. A name is the hash
 * of the whole text, in which the tenant's schema stands; so what one tenant prepared no other can run under its own
 * text, and should one send the very same text, PostgreSQL asks for the rights of the role in force at each execution.
 * For connections that nobody shares; behind a pooler in transaction mode a name may meet another session.
 */
export class NamedStatements {
  private readonly books = new WeakMap<PoolClient, StatementBook>();

  /** `limit`: how many a connection keeps at most; 0 for none. Each costs the backend some tens of kilobytes. */
  constructor(private readonly limit: number) {}

  /**
   * Sends one statement. When a kept plan does not fit any more, which shows before anything was done, it is sent again
   * without a name; inside a transaction, which has failed by then, throws StaleStatementError.
   */
  async send(client: PoolClient, statement: QueryConfig): Promise<QueryResult> {
    const book = this.bookOf(client);
    const name = isWorthIt(statement) ? book?.nameFor(statement.text) : undefined;
    if (!book || name === undefined) return client.query(statement);
    const named = { ...statement, name };
    const turn = { isInTransaction: false };
    try {
      return await submit(client, named, () => {
        turn.isInTransaction = client.getTransactionStatus() !== 'I';
        book.closeEvicted(connectionOf(client), named);
      });
    } catch (error) {
      if (!isStale(error)) throw error;
      book.named.delete(statement.text);
      if (turn.isInTransaction) throw new StaleStatementError(error);
      if (OUT_OF_STEP.has(error.code ?? '')) await this.startOver(client);
      return client.query(statement);
    }
  }

  private bookOf(client: PoolClient): StatementBook | undefined {
    if (this.limit === 0) return undefined;
    let book = this.books.get(client);
    if (!book) this.books.set(client, (book = new StatementBook(this.limit)));
    return book;
  }

  private async startOver(client: PoolClient): Promise<void> {
    this.books.delete(client);
    await client.query('DEALLOCATE ALL');
    connectionOf(client).parsedStatements = {};
  }
}

/** Sends a query as node-pg does; `onTurn` runs right before its messages, when all before it have been answered. */
function submit(client: PoolClient, config: NamedQuery, onTurn: () => void): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    const query = new Query(config, (error: Error | undefined, result: QueryResult) =>
      error ? reject(error) : resolve(result),
    );
    const send = query.submit.bind(query);
    query.submit = (connection) => {
      onTurn();
      return send(connection);
    };
    client.query(query);
  });
}

const isWorthIt = ({ text, values = [] }: QueryConfig): boolean =>
  values.length > 0 && text.length <= MAX_TEXT_LENGTH && DATA.test(text);

const isStale = (error: unknown): error is DatabaseError =>
  error instanceof DatabaseError &&
  (OUT_OF_STEP.has(error.code ?? '') ||
    (error.code === FEATURE_NOT_SUPPORTED && error.routine === PLAN_ROUTINE));

const connectionOf = (client: PoolClient): StatementConnection =>
  (client as unknown as { connection: StatementConnection }).connection;
