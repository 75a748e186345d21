import { ConflictError } from '../../../kernel/errors.js';
import type { TenantStatus } from './tenant.entity.js';

/**
 * requested → provisioning → active ⇄ suspended → deleting → deleted. A step that was taken may be taken again, so
 * that whoever resumes after a crash need not know how far the one before came.
 */
const NEXT: Record<TenantStatus, readonly TenantStatus[]> = {
  requested: ['provisioning'],
  provisioning: ['active'],
  active: ['suspended', 'deleting'],
  suspended: ['active', 'deleting'],
  deleting: ['deleted'],
  deleted: [],
};

/** Throws ConflictError for a step that the life of a tenant does not have. */
export function assertMayBecome(from: TenantStatus, to: TenantStatus): void {
  if (from !== to && !NEXT[from].includes(to)) throw new ConflictError(`The tenant is ${from}.`);
}
