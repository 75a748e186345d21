import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ofAccount, ofSession, ofTenant, type Change } from '../../tenancy/changes/change.js';
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

  private subjectOf(change: RowChange): Change | undefined {
    const { table, id } = change;
    const { tenantId } = this.context.binding;
    if (table === 'user' || table === 'agent') return ofAccount(tenantId, id);
    if (table === 'agent_credential') return ofSession(tenantId, id);
    // Users lose their vendor with it, agents stand still with it; of what a role grants, each of its holders was remembered.
    const isOfMany = table === 'role' || (table === 'vendor' && isOfCallers(change));
    return isOfMany ? ofTenant(tenantId) : undefined;
  }
}

/** Whether the change of a vendor concerns those who call for it: that it is removed, or another status. */
function isOfCallers({ kind, before, after }: RowChange): boolean {
  const statusOf = (row: object | undefined): unknown => (row as { status?: unknown } | undefined)?.status;
  return kind === 'removed' || statusOf(before) !== statusOf(after);
}
