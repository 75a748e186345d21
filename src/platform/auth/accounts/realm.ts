import { AsyncLocalStorage } from 'node:async_hooks';
import type { Change } from '../../tenancy/changes/change.js';
import type { Changes } from '../../tenancy/changes/changes.js';
import type { Registry } from '../../tenancy/registry/registry.js';
import type { TenantContext } from '../../tenancy/tenant-context.js';

type Manager = Registry['manager'];

/** Where accounts live: the registry, or one tenant. */
export interface Realm {
  /** Null for the operators. */
  readonly tenantId: string | null;
  /** Inside the transaction under way, if there is one. */
  readonly manager: Manager;
  /** Seconds after which a session that nobody uses ends. */
  readonly idleSeconds: number;
  /** Runs work in one transaction, or in the one under way; `manager` is that transaction's meanwhile. */
  transaction<T>(work: () => Promise<T>): Promise<T>;
  /** Tells all nodes of what the transaction under way changes. */
  announce(change: Change): Promise<void>;
}

/** The registry, or one transaction in it. */
export class OperatorRealm implements Realm {
  readonly tenantId = null;
  private readonly current = new AsyncLocalStorage<Manager>();

  constructor(
    private readonly outer: Manager,
    readonly idleSeconds: number,
    private readonly changes: Changes,
  ) {}

  get manager(): Manager {
    return this.current.getStore() ?? this.outer;
  }

  transaction<T>(work: () => Promise<T>): Promise<T> {
    if (this.manager.queryRunner?.isTransactionActive) return work();
    return this.outer.transaction((manager) => this.current.run(manager, work));
  }

  announce(change: Change): Promise<void> {
    return this.changes.announce(this.manager, change);
  }
}

/** Whichever tenant is bound to the call. */
export class UserRealm implements Realm {
  constructor(
    private readonly context: TenantContext,
    readonly idleSeconds: number,
    private readonly changes: Changes,
  ) {}

  get tenantId(): string {
    return this.context.binding.tenantId;
  }

  get manager(): Manager {
    return this.context.manager;
  }

  transaction<T>(work: () => Promise<T>): Promise<T> {
    return this.context.transaction(work);
  }

  announce(change: Change): Promise<void> {
    return this.changes.announce(this.manager, change);
  }
}
