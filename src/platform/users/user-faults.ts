import { ConflictError, InvalidError } from '../../kernel/errors.js';
import { unknownVendor } from '../roles/owning-vendor.js';
import { isForeignKeyViolation, isUniqueViolation } from '../tenancy/database-errors.js';

export const lastAdmin = (): Error => new ConflictError('A tenant keeps at least one administrator.');

/** Throws InvalidError. */
export function assertVendorFits(roles: readonly string[], vendorId: string | null | undefined): void {
  if (roles.includes('vendor') && !vendorId) {
    throw InvalidError.field('/vendorId', 'required', 'The role `vendor` needs a vendor.');
  }
}

/** What the database alone can know: another has the e-mail address, or the vendor does not exist. */
export async function translating<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isUniqueViolation(error)) throw new ConflictError('Another user has this e-mail address.');
    if (isForeignKeyViolation(error)) throw unknownVendor();
    throw error;
  }
}
