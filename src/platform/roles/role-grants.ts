import { Injectable } from '@nestjs/common';
import { builtInEntries, entriesOf, isBuiltIn, type GrantEntry } from '../../kernel/grants.js';
import { RolesRepository } from './roles.repository.js';

/**
 * What roles grant, asked anew each time: a changed role counts from the next request on. Costs one query when one of the
 * roles is the tenant's own, and none for built-in roles. Whoever wants to keep answers keeps them here, and forgets them
 * when `roles` changes.
 */
@Injectable()
export class RoleGrants {
  constructor(private readonly roles: RolesRepository) {}

  /** Of the tenant bound to the call. A role that does not exist grants nothing. */
  async of(names: readonly string[]): Promise<GrantEntry[]> {
    return [...(await this.byRole(names)).values()].flat();
  }

  /** As `of`, each role's by its name. */
  async byRole(names: readonly string[]): Promise<Map<string, GrantEntry[]>> {
    const custom = names.filter((name) => !isBuiltIn(name));
    const found = custom.length === 0 ? [] : await this.roles.findNamed(custom);
    return new Map([
      ...names.filter(isBuiltIn).map((name): [string, GrantEntry[]] => [name, builtInEntries([name])]),
      ...found.map((role): [string, GrantEntry[]] => [role.name, entriesOf(role)]),
    ]);
  }
}
