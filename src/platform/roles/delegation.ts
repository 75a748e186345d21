import { Injectable } from '@nestjs/common';
import type { Actor } from '../../kernel/actor.js';
import { ForbiddenInputError, InvalidError, type FieldFault } from '../../kernel/errors.js';
import { builtInEntries, entriesOf, isBuiltIn, type GrantEntry } from '../../kernel/grants.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { RolesRepository } from './roles.repository.js';

/** The holder of grants: a user of this vendor, or of none; undefined: nobody yet. */
type Holder = string | null | undefined;

/** Nobody grants what they do not hold, and nobody takes over somebody who holds more. */
@Injectable()
export class Delegation {
  constructor(
    private readonly roles: RolesRepository,
    private readonly context: TenantContext,
  ) {}

  /**
   * The caller may give these roles to a user of that vendor. Throws InvalidError for a role that does not exist,
   * ForbiddenInputError for one that grants more than the caller holds. The roles stay as they are until the end of
   * the transaction under way.
   */
  async assertMayAssign(names: readonly string[], vendorId: string | null): Promise<void> {
    const entries = await this.entriesByRole(names);
    const unknown = names.flatMap((name, index) => (entries.has(name) ? [] : [fault(index, UNKNOWN)]));
    if (unknown.length > 0) throw new InvalidError(unknown);
    const { actor } = this.context;
    const excessive = names.flatMap((name, index) =>
      entries.get(name)!.every((entry) => holds(actor, entry, vendorId)) ? [] : [fault(index, EXCESSIVE)],
    );
    if (excessive.length > 0) throw exceeding(excessive);
  }

  /**
   * The caller holds all that a user with these roles holds, and so may take the user's place, by another e-mail
   * address for one. Throws ForbiddenInputError, which points at the field.
   */
  async assertCoversUser(
    user: { roles: readonly string[]; vendorId: string | null },
    pointer: string,
  ): Promise<void> {
    const entries = [...(await this.entriesByRole(user.roles)).values()].flat();
    const { actor } = this.context;
    if (!entries.every((entry) => holds(actor, entry, user.vendorId)))
      throw exceeding([{ pointer, code: 'exceeds_own_rights', detail: 'The user holds more than you do.' }]);
  }

  /** The caller holds each of the written permissions, for each of these holders. Throws ForbiddenInputError. */
  assertMayGrant(
    written: { permissions: readonly string[]; exceptFields: readonly string[] },
    holders: readonly Holder[],
  ): void {
    const { actor } = this.context;
    const excessive = written.permissions.flatMap((text, index) => {
      const entries = entriesOf({ permissions: [text], exceptFields: written.exceptFields });
      const isHeld = entries.every((entry) => holders.every((vendorId) => holds(actor, entry, vendorId)));
      const detail = 'You do not hold this, or not with all of these fields.';
      return isHeld ? [] : [{ pointer: `/permissions/${index}`, code: 'exceeds_own_rights', detail }];
    });
    if (excessive.length > 0) throw exceeding(excessive);
  }

  private async entriesByRole(names: readonly string[]): Promise<Map<string, GrantEntry[]>> {
    const custom = names.filter((name) => !isBuiltIn(name));
    const found = custom.length === 0 ? [] : await this.roles.findNamedAndHold(custom);
    return new Map([
      ...names
        .filter((name) => isBuiltIn(name) && name !== 'operator')
        .map((name): [string, GrantEntry[]] => [name, builtInEntries([name])]),
      ...found.map((role): [string, GrantEntry[]] => [role.name, entriesOf(role)]),
    ]);
  }
}

const UNKNOWN = { code: 'unknown', detail: 'There is no such role.' };
const EXCESSIVE = { code: 'exceeds_own_rights', detail: 'The role grants more than you hold.' };
const fault = (index: number, what: Omit<FieldFault, 'pointer'>): FieldFault => ({
  pointer: `/roles/${index}`,
  ...what,
});

const exceeding = (faults: readonly FieldFault[]): ForbiddenInputError =>
  new ForbiddenInputError('exceeds_own_rights', 'You can grant only what you hold.', faults);

/** Whether the actor holds the entry, as held by a user of that vendor, with at least its fields. */
export function holds(actor: Actor, { permission, scope, without }: GrantEntry, holder: Holder): boolean {
  // Without a vendor `own` grants nothing.
  if (scope === 'own' && holder === null) return true;
  const ownerVendorId = scope === 'any' ? null : holder === undefined ? actor.vendorId : holder;
  const covering = actor.covering(permission, ownerVendorId);
  const missing = [...(covering[0]?.without ?? [])].filter((field) =>
    covering.every((entry) => entry.without.has(field)),
  );
  return covering.length > 0 && missing.every((field) => without.has(field));
}
