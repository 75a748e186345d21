import { AsyncLocalStorage } from 'node:async_hooks';
import type { EntityManager } from 'typeorm';
import type { Actor } from '../../kernel/actor.js';
import { ForbiddenError } from '../../kernel/errors.js';
import type { Permission, Scope } from '../../kernel/permissions.js';
import { DEFAULT_TENANT_POLICY, effectivePolicy, type TenantPolicy } from '../../kernel/tenant-policy.js';
import { MAIN_DATABASE } from '../config/environment.js';
import { TenantDataSource, type TenantModel } from './tenant-data-source.js';
import type { TenantBinding } from './tenant-binding.js';
import { ChangeFeed } from './change-feed.js';
import type { TenantConnections } from './binding/tenant-pool.js';

interface Frame {
  /** Aborts when nobody waits for the answer any more. */
  signal?: AbortSignal;
  actor?: Actor;
  binding?: TenantBinding;
  dataSource?: TenantDataSource;
  /** The manager of the transaction under way; all work inside it must use this one connection. */
  manager?: EntityManager;
  /** What is to be done once that transaction has ended. */
  afterwards?: (() => Promise<void>)[];
}

/** Tenant data was asked for where no tenant is known: a fault of the program, answered before any connection opens. */
export class NoTenantError extends Error {
  constructor() {
    super('no tenant is bound to this call');
    this.name = 'NoTenantError';
  }
}

/**
 * The one door to tenant data. Holds, for the request or job under way, who calls and which tenant is bound, and
 * makes that tenant's DataSource when it is first asked for. Carried by AsyncLocalStorage, so that overlapping
 * requests never meet and singletons can serve them all.
 */
export class TenantContext {
  private readonly storage = new AsyncLocalStorage<Frame>();
  /** What changes in the rows of tenants, and in the registry's of them. */
  readonly changes = new ChangeFeed();

  constructor(
    private readonly model: TenantModel,
    private readonly pool: TenantConnections,
    private readonly defaults: Readonly<TenantPolicy> = DEFAULT_TENANT_POLICY,
  ) {}

  /**
   * Opens an empty frame for a request; nothing is bound until the caller is authenticated. When the signal aborts, the
   * request's work on tenant data is cancelled; what `run` does is not.
   */
  open<T>(work: () => T, signal?: AbortSignal): T {
    return this.storage.run(signal ? { signal } : {}, work);
  }

  /** Binds the verified caller, and the caller's tenant if there is one, to the request under way. */
  enter(actor: Actor, binding: TenantBinding | null): void {
    const frame = this.storage.getStore();
    if (!frame) throw new NoTenantError();
    if (frame.actor || frame.binding) throw new Error('the request is bound already');
    if ((binding?.tenantId ?? null) !== actor.tenantId) throw new Error('caller and binding disagree');
    frame.actor = actor;
    if (binding) frame.binding = binding;
  }

  /** What must be heard (`Changes.isLive`) for anything to be remembered of the tenants of that database. */
  announcersOf(database: string): readonly string[] {
    return this.pool.announcersOf?.(database) ?? [MAIN_DATABASE];
  }

  /** Runs work for a tenant that is named explicitly: jobs, the command line, signing in. There is no actor in it. */
  run<T>(binding: TenantBinding, work: () => Promise<T>): Promise<T> {
    return this.storage.run({ binding }, work);
  }

  /** As `run`, on behalf of a caller whom the program itself vouches for: the command line, sample data. */
  runAs<T>(actor: Actor, binding: TenantBinding, work: () => Promise<T>): Promise<T> {
    return this.open(() => {
      this.enter(actor, binding);
      return work();
    });
  }

  /** The caller's manager, inside its transaction if one is open. Throws NoTenantError when no tenant is bound. */
  get manager(): EntityManager {
    const frame = this.boundFrame();
    return frame.manager ?? this.dataSourceOf(frame).manager;
  }

  /** Who is bound to the call. */
  get binding(): TenantBinding {
    return this.boundFrame().binding;
  }

  /** As `binding`; undefined when the caller belongs to no tenant, or is not known yet. */
  get boundTenant(): TenantBinding | undefined {
    return this.storage.getStore()?.binding;
  }

  /** What the bound tenant may use at most. */
  get policy(): TenantPolicy {
    return this.policyOf(this.binding);
  }

  policyOf({ policy }: Pick<TenantBinding, 'policy'>): TenantPolicy {
    return effectivePolicy(this.defaults, policy);
  }

  /** Lifts, for the request under way, the ban on writing that a read-only tenant is under. */
  allowWriting(): void {
    const frame = this.boundFrame();
    frame.binding = { ...frame.binding, readOnly: false };
    delete frame.dataSource;
  }

  /** Runs work in one transaction; a call inside a transaction joins it. Any error rolls all of it back. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    const frame = this.boundFrame();
    if (frame.manager) return work();
    const afterwards: (() => Promise<void>)[] = [];
    try {
      return await this.dataSourceOf(frame).transaction((manager) =>
        this.storage.run({ ...frame, manager, afterwards }, work),
      );
    } finally {
      for (const next of afterwards) await next();
    }
  }

  /** The manager of the transaction under way for the bound tenant; undefined when there is none. */
  get transactionManager(): EntityManager | undefined {
    return this.storage.getStore()?.manager;
  }

  /** Runs work outside the transaction under way, once that has ended in whatever way; at once when there is none. */
  async afterTransaction(work: () => Promise<void>): Promise<void> {
    const frame = this.storage.getStore();
    if (!frame?.afterwards) return work();
    const outside: Frame = { ...frame };
    delete outside.manager;
    delete outside.afterwards;
    frame.afterwards.push(() => this.storage.run(outside, work));
  }

  /** The vendor to which the caller's use of the permission is confined, or null for none. Throws ForbiddenError. */
  confinementOf(permission: Permission): string | null {
    const actor = this.actor;
    const scope: Scope | undefined = actor.scopeOf(permission);
    if (!scope) throw new ForbiddenError();
    return scope === 'own' ? actor.vendorId : null;
  }

  /** The caller. Throws NoTenantError in a job, which has none. */
  get actor(): Actor {
    const actor = this.storage.getStore()?.actor;
    if (!actor) throw new NoTenantError();
    return actor;
  }

  /** As `actor`; undefined where nobody is bound. */
  get boundActor(): Actor | undefined {
    return this.storage.getStore()?.actor;
  }

  private boundFrame(): Frame & { binding: TenantBinding } {
    const frame = this.storage.getStore();
    if (!frame?.binding) throw new NoTenantError();
    return frame as Frame & { binding: TenantBinding };
  }

  private dataSourceOf(frame: Frame & { binding: TenantBinding }): TenantDataSource {
    return (frame.dataSource ??= new TenantDataSource(this.model, this.pool, frame.binding, frame.signal));
  }
}
