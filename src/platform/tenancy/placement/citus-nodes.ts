import { Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { DatabaseConnection } from '../../database/database-connection.js';
import { ServerLogins } from '../binding/server-logins.js';
import type { TenantConnection } from '../binding/tenant-connection.js';
import type { TenantConnections } from '../binding/tenant-pool.js';
import type { Release } from '../binding/tenant-slot.js';
import { NODE_ALONE, NODE_OF_SCHEMA, NODES } from '../owner/citus.js';
import { LOGIN_SHARDS } from '../owner/database-roles.js';
import { DatabaseSetupError } from '../owner/database-setup-error.js';
import { databaseAway } from '../owner/further-database.js';
import { OwnerDatabase } from '../owner/owner-database.js';
import type { Registry } from '../registry/registry.js';
import type { TenantBinding } from '../tenant-binding.js';
import { Reopening } from './reopening.js';
import {
  awayOf,
  REOPEN_AFTER_MS,
  shareOfPool,
  type ServedDatabase,
  type ServingOptions,
} from './served-database.js';

interface Place {
  host: string;
  port: number;
}

export interface CitusOptions extends ServingOptions {
  coordinator: DatabaseConnection;
  registry: Registry;
}

const REMEMBERED_TENANTS = 10_000;
const nameOf = ({ host, port }: Place): string => `${host}:${port}`;

/**
 * The nodes of a Citus cluster, as the tenants on them: each is reached on the node that has its schema, where PostgreSQL
 * alone answers. Elsewhere Citus would have to log in as the tenant's role, which cannot; so a wrong node fails closed.
 */
export class CitusNodes implements TenantConnections {
  private readonly nodes: ReadonlyMap<string, Reopening<ServedDatabase>>;
  private readonly places = new LRUCache<string, string>({ max: REMEMBERED_TENANTS });
  private readonly logger = new Logger('Citus');

  private constructor(
    private readonly options: CitusOptions,
    places: readonly Place[],
  ) {
    this.nodes = new Map(
      places.map((place, index) => [
        nameOf(place),
        new Reopening(() => this.open(place, index, places.length), REOPEN_AFTER_MS),
      ]),
    );
  }

  /**
   * Opens all nodes that answer. One that is added to the cluster later is used after the next start, which closes its
   * doors. Throws DatabaseSetupError for a node that must not be used, or when the connections do not suffice for all.
   */
  static async open(options: CitusOptions): Promise<CitusNodes> {
    const places = await options.registry.query<Place[]>(NODES);
    const { dbPoolSize } = options.config;
    const needed = places.length * LOGIN_SHARDS;
    if (places.length === 0) throw new DatabaseSetupError('no node of the Citus cluster may have tables');
    if (dbPoolSize < needed)
      throw new DatabaseSetupError(
        `DB_POOL_SIZE=${dbPoolSize}: must be at least ${needed} for ${places.length} nodes of Citus`,
      );
    const opened = new CitusNodes(options, places);
    await Promise.all(
      [...opened.nodes.values()].map((node) =>
        node.get().catch((error: unknown) => {
          if (error instanceof DatabaseSetupError) throw error;
        }),
      ),
    );
    return opened;
  }

  /** All nodes: another process may use a tenant on the node to which it has moved before this one knows. */
  announcersOf(): readonly string[] {
    return [...this.nodes.keys()];
  }

  async lease(binding: TenantBinding, signal?: AbortSignal): Promise<[TenantConnection, Release]> {
    const { schemaName } = binding;
    const node = await this.nodeOf(schemaName);
    const { tenants } = await this.served(node);
    const [connection, release] = await tenants.lease(binding, signal);
    const releaseAndLearn: Release = (error) => {
      // The schema may have moved; whoever comes next asks where it is.
      if (connection.mustNotBeReused) this.places.delete(schemaName);
      release(error);
    };
    return [connection, releaseAndLearn];
  }

  away(): Promise<string[]> {
    return awayOf(this.nodes.keys(), async (name) => (await this.served(name)).owner);
  }

  async end(): Promise<void> {
    for (const node of this.nodes.values()) {
      await node.settled();
      await node.current?.tenants.end();
      await node.current?.owner.end();
    }
  }

  private async nodeOf(schemaName: string): Promise<string> {
    const remembered = this.places.get(schemaName);
    if (remembered !== undefined) return remembered;
    const [place] = await this.options.registry.query<Place[]>(NODE_OF_SCHEMA, [schemaName]);
    if (!place) throw databaseAway(schemaName, new Error(`${schemaName} is on no node of the cluster`));
    this.places.set(schemaName, nameOf(place));
    return nameOf(place);
  }

  private async served(name: string): Promise<ServedDatabase> {
    const node = this.nodes.get(name);
    if (!node) throw databaseAway(name, new Error(`the node ${name} was added after the start`));
    try {
      return await node.get();
    } catch (cause) {
      throw databaseAway(name, cause);
    }
  }

  private async open(place: Place, index: number, count: number): Promise<ServedDatabase> {
    const { coordinator, common, config, limits, poolFor, onOpen } = this.options;
    const name = nameOf(place);
    let owner: OwnerDatabase | undefined;
    try {
      owner = await OwnerDatabase.open({
        ...common,
        isCitus: true,
        connection: { ...coordinator, ...place, options: NODE_ALONE },
        further: { name, admit: async () => undefined, publish: async () => undefined },
      });
      const size = shareOfPool(config.dbPoolSize, count, index);
      const logins = await ServerLogins.open(owner, { ...config, dbPoolSize: size }, limits);
      this.logger.log(`the node ${name} is open`);
      onOpen(name, logins);
      return { owner, tenants: poolFor(logins, size) };
    } catch (error) {
      await owner?.end();
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.warn(`the node ${name} is away, and its tenants get 503: ${reason}`);
      throw error;
    }
  }
}
