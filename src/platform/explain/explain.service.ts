import { Injectable } from '@nestjs/common';
import type { Actor } from '../../kernel/actor.js';
import { InvalidError, NotFoundError } from '../../kernel/errors.js';
import type { Permission } from '../../kernel/permissions.js';
import { refusedFields } from '../access/fields.guard.js';
import { Ownership } from '../access/ownership.js';
import { RouteTable, type RouteEntry } from '../access/route-table.js';
import { isReading } from '../tenancy/shares/read-only.guard.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import type { ExplainDto } from './explain.dto.js';
import { ExplainedCallers, type ExplainedCaller } from './explained-callers.js';
import type { Explanation, Rule } from './explanation.js';

/** A route that a request meets, with what it names. */
interface Met {
  route: RouteEntry;
  id: string | undefined;
  fields: readonly string[];
}

/**
 * Says what the guards would say to a user, an API key or an agent of the caller's tenant. It asks what they ask, in their order, and looks things
 * up as that caller; so it cannot say other than they do.
 */
@Injectable()
export class ExplainService {
  constructor(
    private readonly context: TenantContext,
    private readonly routes: RouteTable,
    private readonly ownership: Ownership,
    private readonly callers: ExplainedCallers,
  ) {}

  /** Throws InvalidError for a route or a caller that does not exist. */
  async explain({ method, path, fields = [], ...who }: ExplainDto): Promise<Explanation> {
    const met = this.routes.find(method, path);
    if (!met) throw InvalidError.field('/path', 'unknown', 'There is no such route.');
    return this.judge(await this.callers.find({ method, path, ...who }), { ...met, fields });
  }

  private async judge({ actor, held, isGood }: ExplainedCaller, met: Met): Promise<Explanation> {
    const { route } = met;
    const { access } = route;
    const permission = access?.rule === 'permission' ? access.permission : null;
    const explained = (rule: Rule, more: Partial<Explanation> = {}): Explanation => ({
      ...{ rule, route: `${route.method} ${route.path}`, permission },
      ...{ grants: [], confinedTo: null, refusedFields: [], ...more },
    });
    if (access?.rule === 'public') return explained('public_route');
    if (!isGood) return explained('not_good');
    if (this.context.binding.readOnly && !isReading(route.method) && !route.isWhileReadOnly)
      return explained('read_only_tenant');
    if (permission === null)
      return explained(!actor.isPerson && !isForPrograms(route) ? 'people_only' : 'any_caller');
    const grants = held.filter(({ entry }) => entry.permission === permission);
    const scope = actor.scopeOf(permission);
    if (!scope) return explained(grants.length > 0 ? 'own_without_vendor' : 'not_granted', { grants });
    if (!actor.isPerson && route.needsStepUp) return explained('people_only', { grants });
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
}

const isForPrograms = ({ access }: RouteEntry): boolean =>
  access?.rule === 'authenticated' && access.programs;
