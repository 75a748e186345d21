import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ofAccount, ofTenant, type Change } from '../../tenancy/changes/change.js';
import { Changes } from '../../tenancy/changes/changes.js';
import type { RowChange } from '../../tenancy/change-feed.js';
import { registryTransaction } from '../../tenancy/registry/registry-transactions.js';
import { TenantContext } from '../../tenancy/tenant-context.js';

/** Announces every change of a row by which what is remembered of callers is not so any more, in the transaction that makes it. */
@Injectable()
export class CallerChanges implements OnModuleInit {
  constructor(
    @Inject(TenantContext) private readonly context: TenantContext,
    @Inject(Changes) private readonly changes: Changes,
  ) {}

  onModuleInit(): void {
    this.context.changes.listen((change) => this.changed(change));
  }

  private async changed(change: RowChange): Promise<void> {
    // Nobody can have been remembered by what was not there.
    if (change.kind === 'created') return;
    if (change.table === 'tenant') {
      const transaction = registryTransaction();
      if (!transaction) throw new Error('a tenant is changed outside a transaction');
      await this.changes.announce(transaction, ofTenant(change.id));
      return;
    }
    const subject = this.subjectOf(change);
    if (subject) await this.changes.announce(this.context.manager, subject);
  }

  private subjectOf({ kind, table, id }: RowChange): Change | undefined {
    if (table === 'user') return ofAccount(this.context.binding.tenantId, id);
    // Users lose their vendor with it; of what a role grants, each of its holders was remembered.
    const isOfMany = table === 'role' || (table === 'vendor' && kind === 'removed');
    return isOfMany ? ofTenant(this.context.binding.tenantId) : undefined;
  }
}
