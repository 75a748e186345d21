import { grantsOf, type Grant, type Permission, type Scope } from './permissions.js';

/** Who stands behind a user's session that is not the user's own. */
export interface Impersonation {
  /** Id of the operator. */
  operatorId: string;
  reason: string;
  readOnly: boolean;
}

/** What is known of an authenticated caller. `tenantId` is null for operators alone. */
export interface ActorFacts {
  kind: 'operator' | 'user';
  id: string;
  sessionId: string;
  tenantId: string | null;
  vendorId: string | null;
  roles: readonly string[];
  /** With what the caller proved themselves in this session (RFC 8176): `pwd`, `otp`, `hwk`. Nothing when left out. */
  methods?: readonly string[];
  /** When they last did; never when left out. */
  provedAt?: Date | null;
  /** Set when an operator acts as this user. */
  impersonation?: Impersonation | null;
}

/** Who calls, and what their roles let them do. Built anew for each request from stored facts. */
export class Actor {
  readonly kind: ActorFacts['kind'];
  readonly id: string;
  readonly sessionId: string;
  readonly tenantId: string | null;
  readonly vendorId: string | null;
  readonly roles: readonly string[];
  readonly methods: readonly string[];
  readonly provedAt: Date | null;
  readonly impersonation: Impersonation | null;
  readonly grants: ReadonlySet<Grant>;

  constructor(facts: ActorFacts) {
    this.kind = facts.kind;
    this.id = facts.id;
    this.sessionId = facts.sessionId;
    this.tenantId = facts.tenantId;
    this.vendorId = facts.vendorId;
    this.roles = facts.roles;
    this.methods = facts.methods ?? [];
    this.provedAt = facts.provedAt ?? null;
    this.impersonation = facts.impersonation ?? null;
    this.grants = grantsOf(facts.roles);
  }

  /** The widest scope in which the caller holds the permission; undefined when not at all. `own` without a vendor is nothing. */
  scopeOf(permission: Permission): Scope | undefined {
    if (this.grants.has(`${permission}:any`)) return 'any';
    if (this.vendorId !== null && this.grants.has(`${permission}:own`)) return 'own';
    return undefined;
  }
}
