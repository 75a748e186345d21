import { InvalidError } from '../../kernel/errors.js';
import { isForeignKeyViolation } from '../tenancy/database-errors.js';

export const unknownVendor = (): Error =>
  InvalidError.field('/vendorId', 'unknown', 'There is no such vendor.');

/**
 * The vendor that is to own a thing; null: none, so the tenant does. Who is confined to a vendor need not name it, and may name no
 * other. Throws InvalidError.
 */
export function ownerOf(asked: string | null | undefined, confinedTo: string | null): string | null {
  const owner = asked ?? confinedTo;
  if (confinedTo !== null && owner !== confinedTo) throw unknownVendor();
  return owner;
}

/** Adds a row that names a vendor. Throws InvalidError when there is no such vendor. */
export async function ofKnownVendor<T>(add: () => Promise<T>): Promise<T> {
  try {
    return await add();
  } catch (error) {
    throw isForeignKeyViolation(error) ? unknownVendor() : error;
  }
}
