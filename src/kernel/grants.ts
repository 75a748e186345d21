import {
  PERMISSIONS,
  ROLE_GRANTS,
  type Grant,
  type Permission,
  type Role,
  type Scope,
} from './permissions.js';

/** One thing that is granted: a permission in a scope, without some of the fields that it would otherwise cover. */
export interface GrantEntry {
  permission: Permission;
  scope: Scope;
  without: ReadonlySet<string>;
}

/** Rights as people write them, in a custom role for one. */
export interface WrittenRights {
  /** `agents:read:own` */
  permissions: readonly string[];
  /** `agents.phone` for every action, `agents.phone:update` for one */
  exceptFields: readonly string[];
}

const KNOWN: ReadonlySet<string> = new Set(PERMISSIONS);
const EXCEPTION = /^([a-z_]+)\.([A-Za-z]+)(?::([a-z]+))?$/;

/** The parts of `agents:read:own`; undefined when this version knows no such permission or scope. */
export function parseGrant(text: string): { permission: Permission; scope: Scope } | undefined {
  const end = text.lastIndexOf(':');
  const [permission, scope] = [text.slice(0, end), text.slice(end + 1)];
  if (!KNOWN.has(permission) || (scope !== 'any' && scope !== 'own')) return undefined;
  return { permission: permission as Permission, scope };
}

/** The parts of `agents.phone:update`; no action means all. Undefined when it has another form. */
export function parseException(
  text: string,
): { resource: string; field: string; action: string | undefined } | undefined {
  const [, resource, field, action] = EXCEPTION.exec(text) ?? [];
  return resource === undefined || field === undefined ? undefined : { resource, field, action };
}

/** What the written rights grant. What this version does not know grants nothing. */
export function entriesOf({ permissions, exceptFields }: WrittenRights): GrantEntry[] {
  const exceptions = exceptFields.flatMap((text) => parseException(text) ?? []);
  return permissions.flatMap((text) => {
    const grant = parseGrant(text);
    if (!grant) return [];
    const [resource, action] = grant.permission.split(':');
    const here = exceptions.filter(
      (one) => one.resource === resource && [undefined, action].includes(one.action),
    );
    return [{ ...grant, without: new Set(here.map(({ field }) => field)) }];
  });
}

/** Whether there is a built-in role of this name. */
export const isBuiltIn = (role: string): role is Role => Object.hasOwn(ROLE_GRANTS, role);

/** What the built-in ones among these roles grant. */
export function builtInEntries(roles: readonly string[]): GrantEntry[] {
  const permissions = roles.flatMap((role) => (isBuiltIn(role) ? ROLE_GRANTS[role] : []));
  return entriesOf({ permissions, exceptFields: [] });
}

/** Those of the entries that this owner holds as well, in the same scope or a wider one. */
export const heldBy = (owner: readonly GrantEntry[], entries: readonly GrantEntry[]): GrantEntry[] =>
  entries.filter(({ permission, scope }) =>
    owner.some((held) => held.permission === permission && (held.scope === 'any' || held.scope === scope)),
  );

/** The grants by name, each once. */
export const namesOf = (entries: readonly GrantEntry[]): ReadonlySet<Grant> =>
  new Set(entries.map(({ permission, scope }): Grant => `${permission}:${scope}`));
