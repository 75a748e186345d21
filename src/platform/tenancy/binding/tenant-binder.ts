import { randomBytes } from 'node:crypto';
import type { PoolClient, QueryConfig, QueryResult } from 'pg';
import { NamedStatements } from './named-statements.js';
import { opensTransaction } from './statement-guard.js';
import type { TenantBinding } from '../tenant-binding.js';
import { quoteSchema } from '../tenant-schema.js';

/** What of a binding a connection must be made to keep: whose role, and whether it may write. */
export type BoundTenant = Pick<TenantBinding, 'schemaName' | 'readOnly'>;

const onOrOff = (isOn: boolean | undefined): string => (isOn ? 'on' : 'off');

/** How a connection becomes a tenant's and ceases to be. A connection on which any of it fails must not be used again. */
export interface TenantBinder {
  /** Before the connection is handed out. */
  bind(client: PoolClient, tenant: BoundTenant): Promise<void>;
  /** Sends one statement of the tenant. */
  send(client: PoolClient, tenant: BoundTenant, statement: QueryConfig): Promise<QueryResult>;
  /** When the connection came back whole; absent where nothing needs to be undone. */
  unbind?(client: PoolClient): Promise<void>;
}

/** The role stays on the connection until another tenant needs it: the fastest, for connections that nobody shares. */
export class RoleBinder implements TenantBinder {
  private readonly bound = new WeakMap<PoolClient, BoundTenant>();

  constructor(private readonly statements = new NamedStatements(0)) {}

  async bind(client: PoolClient, { schemaName, readOnly = false }: BoundTenant): Promise<void> {
    const before = this.bound.get(client);
    if (before?.schemaName === schemaName && before.readOnly === readOnly) return;
    // While they change they are unknown.
    this.bound.delete(client);
    const mode =
      (before?.readOnly ?? false) === readOnly && before !== undefined
        ? ''
        : `; SET default_transaction_read_only = ${onOrOff(readOnly)}`;
    await client.query(`SET ROLE ${quoteSchema(schemaName)}${mode}`);
    this.bound.set(client, { schemaName, readOnly });
  }

  send(client: PoolClient, _tenant: BoundTenant, statement: QueryConfig): Promise<QueryResult> {
    return this.statements.send(client, statement);
  }
}

/**
 * Leaves nothing on the session, as a pooler in transaction mode demands: each statement outside a transaction gets one
 * of its own, and every transaction begins with the role and the limits, for itself alone.
 */
export class TransactionBinder implements TenantBinder {
  private readonly settings: string;
  private readonly lastTurn = new WeakMap<PoolClient, Promise<unknown>>();

  /** `settings` are given to every transaction, since what a connection asks for at its start does not survive a pooler. */
  constructor(settings: Readonly<Record<string, string | number>>) {
    this.settings = Object.entries(settings)
      .map(([name, value]) => `SET LOCAL ${name} = ${typeof value === 'number' ? value : `'${value}'`}`)
      .join('; ');
  }

  bind(_client: PoolClient, { schemaName }: BoundTenant): Promise<void> {
    quoteSchema(schemaName);
    return Promise.resolve();
  }

  /** One at a time: a statement must not slip between another's BEGIN and COMMIT. */
  send(client: PoolClient, tenant: BoundTenant, statement: QueryConfig): Promise<QueryResult> {
    const turn = (this.lastTurn.get(client) ?? Promise.resolve()).then(() =>
      this.inTurn(client, tenant, statement),
    );
    this.lastTurn.set(
      client,
      turn.catch(() => undefined),
    );
    return turn;
  }

  private async inTurn(
    client: PoolClient,
    { schemaName, readOnly }: BoundTenant,
    statement: QueryConfig,
  ): Promise<QueryResult> {
    if (client.getTransactionStatus() !== 'I') return client.query(statement);
    try {
      const begun = await client.query(
        `BEGIN; SET LOCAL transaction_read_only = ${onOrOff(readOnly)}; SET LOCAL ROLE ${quoteSchema(schemaName)}; ${this.settings}`,
      );
      if (opensTransaction(statement.text)) return begun;
      const result = await client.query(statement);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }
}

/** The extension set_user keeps the role until a token is shown that no statement of the tenant can know. */
export class SetUserBinder implements TenantBinder {
  private readonly tokens = new WeakMap<PoolClient, string>();

  /** `schema`: where the extension's functions are. */
  constructor(
    private readonly schema: string,
    private readonly statements = new NamedStatements(0),
  ) {}

  async bind(client: PoolClient, { schemaName, readOnly }: BoundTenant): Promise<void> {
    quoteSchema(schemaName);
    const token = randomBytes(24).toString('base64url');
    await client.query(`SELECT ${this.schema}.set_user($1, $2)`, [schemaName, token]);
    await client.query(`SET default_transaction_read_only = ${onOrOff(readOnly)}`);
    this.tokens.set(client, token);
  }

  send(client: PoolClient, _tenant: BoundTenant, statement: QueryConfig): Promise<QueryResult> {
    return this.statements.send(client, statement);
  }

  async unbind(client: PoolClient): Promise<void> {
    await client.query(`SELECT ${this.schema}.reset_user($1)`, [this.tokens.get(client)]);
    this.tokens.delete(client);
  }
}
