import { Injectable } from '@nestjs/common';
import { Actor } from '../../kernel/actor.js';
import { InvalidError, NotFoundError } from '../../kernel/errors.js';
import type { Permission } from '../../kernel/permissions.js';
import { refusedFields } from '../access/fields.guard.js';
import { Ownership } from '../access/ownership.js';
import { RouteTable, type RouteEntry } from '../access/route-table.js';
import { RoleGrants } from '../roles/role-grants.js';
import { isReading } from '../tenancy/shares/read-only.guard.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { UsersService } from '../users/users.service.js';
import type { ExplainDto } from './explain.dto.js';
import type { CountingGrant, Explanation, Rule } from './explanation.js';

/** A route that a request meets, with what it names. */
interface Met {
  route: RouteEntry;
  id: string | undefined;
  fields: readonly string[];
}

/**
 * Says what the guards would say to a user of the caller's tenant. It asks what they ask, in their order, and looks things
 * up as that user; so it cannot say other than they do.
 */
@Injectable()
export class ExplainService {
  constructor(
    private readonly context: TenantContext,
    private readonly routes: RouteTable,
    private readonly ownership: Ownership,
    private readonly roles: RoleGrants,
    private readonly users: UsersService,
  ) {}

  /** Throws InvalidError for a route or a user that does not exist. */
  async explain({ userId, method, path, fields = [] }: ExplainDto): Promise<Explanation> {
    const met = this.routes.find(method, path);
    if (!met) throw InvalidError.field('/path', 'unknown', 'There is no such route.');
    const user = await this.userOf(userId);
    const held = await this.heldBy(user.roles);
    const { id, roles, vendorId } = user;
    const { tenantId } = this.context.binding;
    const entries = held.map(({ entry }) => entry);
    // It is looked at, not signed in; nothing that asks for a session is run for it.
    const actor = new Actor({ kind: 'user', id, sessionId: '', tenantId, vendorId, roles, entries });
    return this.judge(actor, held, { ...met, fields });
  }

  private async judge(actor: Actor, held: CountingGrant[], met: Met): Promise<Explanation> {
    const { route } = met;
    const { access } = route;
    const permission = access?.rule === 'permission' ? access.permission : null;
    const explained = (rule: Rule, more: Partial<Explanation> = {}): Explanation => ({
      ...{ rule, route: `${route.method} ${route.path}`, permission },
      ...{ grants: [], confinedTo: null, refusedFields: [], ...more },
    });
    if (access?.rule === 'public') return explained('public_route');
    if (this.context.binding.readOnly && !isReading(route.method) && !route.isWhileReadOnly)
      return explained('read_only_tenant');
    if (permission === null) return explained('any_caller');
    const grants = held.filter(({ entry }) => entry.permission === permission);
    const scope = actor.scopeOf(permission);
    if (!scope) return explained(grants.length > 0 ? 'own_without_vendor' : 'not_granted', { grants });
    const confinedTo = scope === 'own' ? actor.vendorId : null;
    const owner = await this.ownerFor(actor, permission, met);
    if (owner === 'out of reach') return explained('out_of_reach', { grants, confinedTo });
    const covering = owner && new Set(actor.covering(permission, owner.vendorId));
    const counting = covering ? grants.filter(({ entry }) => covering.has(entry)) : grants;
    const refused = refusedFields(actor, permission, owner?.vendorId, met.fields);
    return explained(refused.length > 0 ? 'field_not_granted' : 'granted', {
      ...{ grants: counting, confinedTo, refusedFields: refused },
    });
  }

  /** Whose the thing in the path is, as that caller finds it; undefined when the path names none. */
  private async ownerFor(
    actor: Actor,
    permission: Permission,
    { route, id }: Met,
  ): Promise<{ vendorId: string | null } | 'out of reach' | undefined> {
    const { owner } = route;
    if (!owner) return undefined;
    try {
      return await this.context.runAs(actor, this.context.binding, async () => ({
        vendorId: await this.ownership.ownerOf(owner, id, permission),
      }));
    } catch (error) {
      if (error instanceof NotFoundError) return 'out of reach';
      throw error;
    }
  }

  private async heldBy(roles: readonly string[]): Promise<CountingGrant[]> {
    const byRole = await this.roles.byRole(roles);
    return [...byRole].flatMap(([role, entries]) => entries.map((entry) => ({ role, entry })));
  }

  private async userOf(id: string): ReturnType<UsersService['get']> {
    try {
      return await this.users.get(id);
    } catch (error) {
      if (error instanceof NotFoundError)
        throw InvalidError.field('/userId', 'unknown', 'There is no such user.');
      throw error;
    }
  }
}
