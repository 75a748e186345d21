import type { Actor } from '../../kernel/actor.js';
import { maskedRow } from '../../kernel/classification.js';
import type { Permission } from '../../kernel/permissions.js';

type Constructor<T> = new (...args: never[]) => T;

const declared = new Map<Permission, readonly string[]>();

/**
 * Names the fields of the DTO that a role may leave out of this permission. A DTO that is read declares them optional,
 * since they are absent, not null, for those who may not read them.
 */
export const Fields =
  <T extends object>(permission: Permission, names: readonly (keyof T & string)[]) =>
  (dto: Constructor<T>): void => {
    if (declared.has(permission)) throw new Error(`${permission} has its fields already: not of ${dto.name}`);
    declared.set(permission, names);
  };

/** The fields that a role may leave out of the permission. */
export const fieldsOf = (permission: Permission): readonly string[] => declared.get(permission) ?? [];

/** The DTO of something of that vendor's without the fields that this reader may not read. */
export function readable<T extends object>(
  reader: Actor,
  permission: Permission,
  ownerVendorId: string | null,
  dto: T,
): T {
  const hidden = fieldsOf(permission).filter((field) => !reader.mayUse(permission, field, ownerVendorId));
  if (hidden.length === 0) return dto;
  return Object.fromEntries(Object.entries(dto).filter(([field]) => !hidden.includes(field))) as T;
}

/** The row as this reader may see it: its marked columns are masked where personal data of that vendor's is. */
export const seenBy = <T extends object>(reader: Actor, ownerVendorId: string | null, row: T): T =>
  isMasked(reader, ownerVendorId) ? maskedRow(row) : row;

/** Whether personal data of this vendor's is masked for the reader. */
export const isMasked = (reader: Actor, ownerVendorId: string | null): boolean =>
  !reader.covers('personal_data:read', ownerVendorId);
