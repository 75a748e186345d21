import { grantsOf, type Grant, type Permission, type Scope } from './permissions.js';

/** What is known of an authenticated caller. `tenantId` is null for operators alone. */
export interface ActorFacts {
  kind: 'operator' | 'user';
  id: string;
  sessionId: string;
  tenantId: string | null;
  vendorId: string | null;
  roles: readonly string[];
  /** The operator who acts in the place of this account. */
  impersonatorId?: string | null;
}

/** Who calls, and what their roles let them do. Built anew for each request from stored facts. */
export class Actor {
  readonly kind: ActorFacts['kind'];
  readonly id: string;
  readonly sessionId: string;
  readonly tenantId: string | null;
  readonly vendorId: string | null;
  readonly roles: readonly string[];
  readonly impersonatorId: string | null;
  readonly grants: ReadonlySet<Grant>;

  constructor(facts: ActorFacts) {
    this.kind = facts.kind;
    this.id = facts.id;
    this.sessionId = facts.sessionId;
    this.tenantId = facts.tenantId;
    this.vendorId = facts.vendorId;
    this.roles = facts.roles;
    this.impersonatorId = facts.impersonatorId ?? null;
    this.grants = grantsOf(facts.roles);
  }

  /** The widest scope in which the caller holds the permission; undefined when not at all. `own` without a vendor is nothing. */
  scopeOf(permission: Permission): Scope | undefined {
    if (this.grants.has(`${permission}:any`)) return 'any';
    if (this.vendorId !== null && this.grants.has(`${permission}:own`)) return 'own';
    return undefined;
  }
}
