import { InvalidError, type FieldFault } from '../../kernel/errors.js';
import {
  builtInEntries,
  entriesOf,
  heldBy,
  parseGrant,
  type GrantEntry,
  type WrittenRights,
} from '../../kernel/grants.js';
import { isForPrograms } from '../../kernel/permission-catalogue.js';
import { assertInCatalogue } from '../roles/catalogue-check.js';

/** What the owner of a program's credentials holds: a vendor what the role `vendor` grants, the tenant all there is. */
const ownerEntries = (vendorId: string | null): GrantEntry[] =>
  builtInEntries([vendorId === null ? 'tenant_admin' : 'vendor']).filter(({ permission }) =>
    isForPrograms(permission),
  );

/** What a program may do now: what is written for it, as far as its owner holds it and programs can. */
export const programEntries = (written: WrittenRights, vendorId: string | null): GrantEntry[] =>
  heldBy(ownerEntries(vendorId), entriesOf(written));

/** Throws InvalidError for rights that no program of this owner can have. */
export function assertForProgram(written: WrittenRights, vendorId: string | null): void {
  assertInCatalogue(written);
  const owner = ownerEntries(vendorId);
  const faults: FieldFault[] = written.permissions.flatMap((text, index) => {
    const found = faultOf(text, vendorId, owner);
    return found ? [{ pointer: `/permissions/${index}`, ...found }] : [];
  });
  if (faults.length > 0) throw new InvalidError(faults);
}

function faultOf(
  text: string,
  vendorId: string | null,
  owner: readonly GrantEntry[],
): Omit<FieldFault, 'pointer'> | undefined {
  const grant = parseGrant(text);
  if (grant && !isForPrograms(grant.permission))
    return { code: 'people_only', detail: 'People alone can hold this, not programs.' };
  if (grant?.scope === 'own' && vendorId === null)
    return { code: 'needs_vendor', detail: 'Without a vendor the scope `own` grants nothing.' };
  if (heldBy(owner, entriesOf({ permissions: [text], exceptFields: [] })).length === 0)
    return { code: 'exceeds_owner', detail: 'A vendor does not hold this.' };
  return undefined;
}
