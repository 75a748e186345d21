import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '../../../kernel/actor.js';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.js';
import { Registry } from '../../tenancy/registry/registry.js';
import { TenantContext } from '../../tenancy/tenant-context.js';
import { bindingOf, TenantDirectory } from '../../tenancy/registry/tenant-directory.js';
import type { Tenant } from '../../tenancy/registry/tenant.entity.js';
import { OperatorStore, UserStore, type AccountStore } from './account-store.js';

/** Finds the store in which an account lives. A tenant of null is the realm of the operators. */
@Injectable()
export class AccountStores {
  readonly operators: AccountStore;
  /** Of the tenant bound to the call; fails where none is. */
  readonly users: AccountStore;

  constructor(
    registry: Registry,
    private readonly context: TenantContext,
    private readonly directory: TenantDirectory,
    @Inject(CONFIG) config: Config,
  ) {
    this.operators = new OperatorStore(registry.manager, config.sessionIdleSeconds);
    this.users = new UserStore(context, config.sessionIdleSeconds);
  }

  /** The store of the authenticated caller, whose tenant is bound already. */
  of(actor: Actor): AccountStore {
    return actor.tenantId === null ? this.operators : this.users;
  }

  /** The live tenant with this id, null for null; undefined when there is no such tenant. */
  async findRealm(tenantId: string | null): Promise<Tenant | null | undefined> {
    return tenantId === null ? null : this.directory.byId(tenantId);
  }

  /** As `findRealm`, by the tenant's slug; undefined names the realm of the operators. */
  async findRealmBySlug(slug: string | undefined): Promise<Tenant | null | undefined> {
    return slug === undefined ? null : this.directory.bySlug(slug);
  }

  /** Runs work on the store of a realm that is named explicitly, since no caller is known yet. */
  async within<T>(tenant: Tenant | null, work: (store: AccountStore) => Promise<T>): Promise<T> {
    if (tenant === null) return work(this.operators);
    // Sessions are begun and ended in a read-only tenant as well.
    return this.context.run({ ...bindingOf(tenant), readOnly: false }, () => work(this.users));
  }
}
