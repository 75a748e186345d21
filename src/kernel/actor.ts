import { builtInEntries, namesOf, type GrantEntry } from './grants.js';
import type { Grant, Permission, Scope } from './permissions.js';

/** People, and programs. */
export type ActorKind = 'operator' | 'user' | 'api_key' | 'agent';

/** Who stands behind a user's session that is not the user's own. */
export interface Impersonation {
  /** Id of the operator. */
  operatorId: string;
  /** The operator's own session; what was begun in it ends with it. */
  operatorSessionId: string;
  reason: string;
  readOnly: boolean;
}

/** What is known of an authenticated caller. `tenantId` is null for operators alone. */
export interface ActorFacts {
  kind: ActorKind;
  id: string;
  /** The session, or the credential of a program, by which the caller came. */
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
  /** All that is granted to the caller; what the built-in roles grant when left out. */
  entries?: readonly GrantEntry[];
}

/** Who calls, and what they are granted. Built anew for each request from stored facts. */
export class Actor {
  readonly kind: ActorKind;
  readonly id: string;
  readonly sessionId: string;
  readonly tenantId: string | null;
  readonly vendorId: string | null;
  readonly roles: readonly string[];
  readonly methods: readonly string[];
  readonly provedAt: Date | null;
  readonly impersonation: Impersonation | null;
  /** The one place where rights come from, whoever calls: roles, or a key's own list. */
  readonly entries: readonly GrantEntry[];
  /** The entries by name. */
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
    this.entries = facts.entries ?? builtInEntries(facts.roles);
    this.grants = namesOf(this.entries);
  }

  /** The operator who acts in the place of this account. */
  get impersonatorId(): string | null {
    return this.impersonation?.operatorId ?? null;
  }

  /** Whether a person calls, in a session of their own. */
  get isPerson(): boolean {
    return this.kind === 'operator' || this.kind === 'user';
  }

  /** The widest scope in which the caller holds the permission; undefined when not at all. `own` without a vendor is nothing. */
  scopeOf(permission: Permission): Scope | undefined {
    if (this.grants.has(`${permission}:any`)) return 'any';
    if (this.vendorId !== null && this.grants.has(`${permission}:own`)) return 'own';
    return undefined;
  }

  /** The entries by which the caller may do this to what belongs to that vendor; null: to nobody's, or to whosever it is. */
  covering(permission: Permission, ownerVendorId: string | null): GrantEntry[] {
    const isOwn = this.vendorId !== null && ownerVendorId === this.vendorId;
    return this.entries.filter(
      (entry) => entry.permission === permission && (entry.scope === 'any' || isOwn),
    );
  }

  covers(permission: Permission, ownerVendorId: string | null): boolean {
    return this.covering(permission, ownerVendorId).length > 0;
  }

  /** Whether one of the covering entries comes with the field. Several add up: one is enough. */
  mayUse(permission: Permission, field: string, ownerVendorId: string | null): boolean {
    return this.covering(permission, ownerVendorId).some(({ without }) => !without.has(field));
  }

  /** Of the permission's fields, used over all that it lets the caller reach: a filter of a list, a thing yet to be made. */
  mayUseEverywhere(permission: Permission, field: string): boolean {
    return this.mayUse(permission, field, this.scopeOf(permission) === 'own' ? this.vendorId : null);
  }

  /** The fields, as `agents.phone:read`, that no entry of a held permission comes with. */
  get exceptFields(): string[] {
    const seen = this.entries.flatMap(({ permission, without }) =>
      [...without].filter((field) => !this.entries.some(comesWith(permission, field))).map(named(permission)),
    );
    return [...new Set(seen)].sort();
  }
}

const comesWith = (permission: Permission, field: string) => (entry: GrantEntry) =>
  entry.permission === permission && !entry.without.has(field);

const named = (permission: Permission) => (field: string) => permission.replace(':', `.${field}:`);
