import { DatabaseError, Pool, type PoolClient, type PoolConfig } from 'pg';
import { DomainError, UnavailableError } from '../../../kernel/errors.js';
import { cancelQuery } from './query-cancellation.js';
import type { BoundTenant, TenantBinder } from './tenant-binder.js';
import { TenantConnection } from './tenant-connection.js';

export interface SlotOptions {
  binder: TenantBinder;
  /** How long opening a connection may take. */
  waitTimeoutMs: number;
  /** A backend's catalog cache grows with every schema it serves and never shrinks, so connections are renewed. */
  maxUses: number;
  maxAgeSeconds: number;
}

export type Release = (error?: Error | boolean) => void;

/** One connection at most, opened when first needed; lent to one holder at a time. */
export class TenantSlot {
  isLent = false;
  private readonly pool: Pool;

  constructor(
    private readonly login: PoolConfig,
    private readonly options: SlotOptions,
  ) {
    this.pool = new Pool({
      ...login,
      max: 1,
      connectionTimeoutMillis: options.waitTimeoutMs,
      maxUses: options.maxUses,
      maxLifetimeSeconds: options.maxAgeSeconds,
      idleTimeoutMillis: 0,
    });
    // A connection that PostgreSQL ends is replaced at the next lease; unhandled, the event would end the process.
    this.pool.on('error', () => undefined);
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** The connection, bound to the tenant. `free` is called once, when the next may have the slot. */
  async lease(
    tenant: BoundTenant,
    free: () => void,
    signal: AbortSignal | undefined,
  ): Promise<[TenantConnection, Release]> {
    let client: PoolClient;
    try {
      client = await this.boundClient(tenant);
    } catch (error) {
      free();
      throw error;
    }
    return this.handOut(client, tenant, free, signal);
  }

  async end(): Promise<void> {
    await this.pool.end();
  }

  private handOut(
    client: PoolClient,
    tenant: BoundTenant,
    free: () => void,
    signal: AbortSignal | undefined,
  ): [TenantConnection, Release] {
    const { binder } = this.options;
    let isReturned = false;
    const giveBack = (isWhole: boolean): void => {
      if (isReturned) return;
      isReturned = true;
      client.removeListener('error', onError);
      const settle = (mayBeReused: boolean): void => {
        client.release(!mayBeReused);
        free();
      };
      if (!isWhole || client.getTransactionStatus() !== 'I') settle(false);
      else if (binder.unbind) {
        binder.unbind(client).then(
          () => settle(true),
          () => settle(false),
        );
      } else settle(true);
    };
    const connection = new TenantConnection(
      {
        send: (statement) => binder.send(client, tenant, statement),
        cancel: () => cancelQuery(client, this.login),
      },
      tenant.schemaName,
      signal,
    );
    const onError = (error: Error): void => {
      giveBack(false);
      if (connection.listenerCount('error') > 0) connection.emit('error', error);
    };
    client.on('error', onError);
    const release: Release = (error) => {
      connection.close();
      giveBack(!error && !connection.mustNotBeReused);
    };
    return [connection, release];
  }

  /** Tries a second time when the first connection turns out to have died while idle: nothing was sent on it yet. */
  private async boundClient(tenant: BoundTenant): Promise<PoolClient> {
    try {
      return await this.bind(await this.connect(), tenant);
    } catch (error) {
      if (error instanceof DomainError || error instanceof DatabaseError) throw error;
      return this.bind(await this.connect(), tenant);
    }
  }

  private async connect(): Promise<PoolClient> {
    try {
      return await this.pool.connect();
    } catch (cause) {
      throw new UnavailableError('overloaded', 'The database is busy or away; retry later.', 1, { cause });
    }
  }

  /** Should the binding fail, nobody gets this connection. */
  private async bind(client: PoolClient, tenant: BoundTenant): Promise<PoolClient> {
    try {
      await this.options.binder.bind(client, tenant);
      return client;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }
}
