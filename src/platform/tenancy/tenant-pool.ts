import { createHash } from 'node:crypto';
import { DatabaseError, Pool, type PoolClient, type PoolConfig } from 'pg';
import { DomainError, UnavailableError } from '../../kernel/errors.js';
import type { PolicyDeviations } from '../../kernel/tenant-policy.js';
import { TenantConnection } from './tenant-connection.js';
import { quoteSchema } from './tenant-schema.js';

/** What the registry says of how to reach a tenant's data. */
export interface TenantBinding {
  tenantId: string;
  schemaName: string;
  loginShard: number;
  /** PostgreSQL refuses all writing for this caller. */
  readOnly?: boolean;
  /** Where the tenant's limits differ from the defaults. */
  policy?: PolicyDeviations;
}

export interface TenantPoolOptions {
  /** One entry a login shard: how to connect as `<database>_login_<nn>`. */
  logins: readonly PoolConfig[];
  /** Connections at most, for all tenants together; at least one a login. */
  size: number;
  /** How long a caller waits for a connection, in milliseconds. */
  waitTimeoutMs: number;
}

/** Callers that may wait for one slot; at some milliseconds each, one more would hardly be served in time. */
const MAX_WAITING_PER_SLOT = 250;
/** A backend's catalog cache grows with every schema it serves and never shrinks, so connections are renewed. */
const MAX_USES_OF_CONNECTION = 5000;
const MAX_AGE_SECONDS = 1800;

type Release = (error?: Error | boolean) => void;

/**
 * The connections of all tenants: bounded for the process, whatever their number. A tenant is hashed to a home slot
 * among those of its login shard, so that roles change seldom and catalog caches stay warm; when that slot is busy
 * an idle one serves. A connection is handed out with the tenant's role set on it, outside any transaction.
 */
export class TenantPool {
  private readonly slots: Slot[];

  constructor(private readonly options: TenantPoolOptions) {
    const { logins, size } = options;
    if (size < logins.length) throw new Error(`the pool needs at least ${logins.length} connections`);
    this.slots = Array.from({ length: size }, (_, index) => new Slot(index % logins.length, options));
  }

  /** A connection bound to the tenant, and how to give it back. Throws UnavailableError when none is free in time. */
  async lease(binding: TenantBinding): Promise<[TenantConnection, Release]> {
    const slot = this.slotFor(binding);
    return slot.lease(binding);
  }

  async end(): Promise<void> {
    await Promise.all(this.slots.map((slot) => slot.end()));
  }

  private slotFor({ schemaName, loginShard }: TenantBinding): Slot {
    const eligible = this.slots.filter((slot) => slot.loginShard === loginShard % this.options.logins.length);
    const home = eligible[createHash('sha1').update(schemaName).digest().readUInt32BE() % eligible.length]!;
    if (home.load === 0) return home;
    return eligible.reduce((best, slot) => (slot.load < best.load ? slot : best), home);
  }
}

/** One connection at most, opened when first needed, with those who wait for it. */
class Slot {
  /** Callers that hold or await this slot's connection. */
  load = 0;
  private readonly pool: Pool;
  private readonly roles = new WeakMap<PoolClient, string>();
  private readonly readOnly = new WeakSet<PoolClient>();

  constructor(
    readonly loginShard: number,
    options: TenantPoolOptions,
  ) {
    this.pool = new Pool({
      ...options.logins[loginShard],
      max: 1,
      connectionTimeoutMillis: options.waitTimeoutMs,
      maxUses: MAX_USES_OF_CONNECTION,
      maxLifetimeSeconds: MAX_AGE_SECONDS,
      idleTimeoutMillis: 0,
    });
    // A connection that PostgreSQL ends is replaced at the next lease; unhandled, the event would end the process.
    this.pool.on('error', () => undefined);
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  async lease(binding: TenantBinding): Promise<[TenantConnection, Release]> {
    if (this.load > MAX_WAITING_PER_SLOT) throw new UnavailableError();
    this.load++;
    try {
      return this.handOut(await this.boundClient(binding), binding.schemaName);
    } catch (error) {
      this.load--;
      throw error;
    }
  }

  async end(): Promise<void> {
    await this.pool.end();
  }

  private handOut(client: PoolClient, schemaName: string): [TenantConnection, Release] {
    let isReturned = false;
    const giveBack = (mayBeReused: boolean): void => {
      if (isReturned) return;
      isReturned = true;
      this.load--;
      client.release(!(mayBeReused && client.getTransactionStatus() === 'I'));
    };
    const connection = new TenantConnection(client, schemaName, () => giveBack(false));
    const release: Release = (error) => {
      connection.close();
      giveBack(!error && !connection.mustNotBeReused);
    };
    return [connection, release];
  }

  /** Tries a second time when the first connection turns out to have died while idle: nothing was sent on it yet. */
  private async boundClient(binding: TenantBinding): Promise<PoolClient> {
    try {
      return await this.bind(await this.connect(), binding);
    } catch (error) {
      if (error instanceof DomainError || error instanceof DatabaseError) throw error;
      return this.bind(await this.connect(), binding);
    }
  }

  private async connect(): Promise<PoolClient> {
    try {
      return await this.pool.connect();
    } catch (cause) {
      throw new UnavailableError('overloaded', 'The database is busy or away; retry later.', 1, { cause });
    }
  }

  /** While the role changes it is unknown: should that fail, nobody gets this connection. */
  private async bind(
    client: PoolClient,
    { schemaName: role, readOnly = false }: TenantBinding,
  ): Promise<PoolClient> {
    const keepsMode = this.readOnly.has(client) === readOnly;
    if (this.roles.get(client) === role && keepsMode) return client;
    this.roles.delete(client);
    try {
      const mode = keepsMode ? '' : `; SET default_transaction_read_only = ${readOnly ? 'on' : 'off'}`;
      await client.query(`SET ROLE ${quoteSchema(role)}${mode}`);
      this.roles.set(client, role);
      this.readOnly[readOnly ? 'add' : 'delete'](client);
      return client;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }
}
