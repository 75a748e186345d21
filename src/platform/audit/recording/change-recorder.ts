import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { SecurityAction, SecurityEvent } from '../../../kernel/security-event.js';
import { isSecret } from '../../tenancy/table-marks.js';
import type { RowChange } from '../../tenancy/change-feed.js';
import { TenantContext } from '../../tenancy/tenant-context.js';
import { AuditTrail } from '../audit-trail.js';

type Values = Readonly<Record<string, unknown>>;

/** What changes with every change, or is the machinery's own. */
const UNTOLD = new Set([
  'id',
  'createdAt',
  'updatedAt',
  'version',
  'schemaName',
  'loginShard',
  'schemaVersion',
  'fingerprint',
  'migratedAt',
  'migrationError',
  'staleCopyOn',
]);
/** Stands for the value of a column marked secret; that it changed is told. */
const WITHHELD = '(withheld)';

const ACTION_OF: Readonly<Record<RowChange['kind'], SecurityAction>> = {
  created: 'sensitive_create',
  updated: 'sensitive_update',
  removed: 'sensitive_delete',
};
const USER_ACTION_OF: Readonly<Record<RowChange['kind'], SecurityAction>> = {
  created: 'user_created',
  updated: 'user_updated',
  removed: 'user_deleted',
};

/** Records every change that goes through the doors to rows, in the transaction that makes it. */
@Injectable()
export class ChangeRecorder implements OnModuleInit {
  constructor(
    private readonly context: TenantContext,
    private readonly trail: AuditTrail,
  ) {}

  onModuleInit(): void {
    this.context.changes.listen((change) => this.changed(change));
  }

  private async changed(change: RowChange): Promise<void> {
    const { table, id, before, after } = change;
    const action = actionOf(change);
    if (action === undefined) return;
    const event: SecurityEvent = {
      action,
      outcome: 'success',
      target: { type: table, id },
      ...(table === 'user' && { accountId: id }),
      changes: differenceOf(table, before as Values | undefined, after as Values | undefined),
    };
    // Tenants are rows of the registry, whoever is bound.
    await this.trail.recordIn(table === 'tenant' ? null : (this.context.boundTenant ?? null), event);
  }
}

/** What the change is in the words of the log; undefined for steps on the way to something that is told. */
function actionOf({ kind, table, ...rows }: RowChange): SecurityAction | undefined {
  if (table === 'user') return USER_ACTION_OF[kind];
  if (table !== 'tenant') return ACTION_OF[kind];
  const [before, after] = [rows.before, rows.after] as [Values | undefined, Values | undefined];
  const [from, to] = [before?.['status'], after?.['status']];
  if (to === 'provisioning' || (to === 'deleting' && from !== to)) return undefined;
  if (to === 'deleted') return 'tenant_deleted';
  if (from === 'provisioning') return 'tenant_created';
  if (to === 'suspended' && isOtherSuspension(before, after)) return 'tenant_suspended';
  return from === 'suspended' && to === 'active' ? 'tenant_resumed' : 'tenant_updated';
}

const isOtherSuspension = (before: Values | undefined, after: Values | undefined): boolean =>
  before?.['status'] !== 'suspended' || before['suspensionMode'] !== after?.['suspensionMode'];

function differenceOf(table: string, before: Values | undefined, after: Values | undefined) {
  const fields = Object.keys({ ...before, ...after }).filter(
    (field) => !UNTOLD.has(field) && textOf(before?.[field]) !== textOf(after?.[field]),
  );
  const of = (values: Values | undefined) =>
    values ? Object.fromEntries(fields.map((field) => [field, told(table, field, values[field])])) : null;
  return { before: of(before), after: of(after) };
}

const told = (table: string, field: string, value: unknown): unknown =>
  isSecret(table, field) && value !== null && value !== undefined
    ? WITHHELD
    : (JSON.parse(textOf(value)) as unknown);

const textOf = (value: unknown): string => JSON.stringify(value ?? null);
