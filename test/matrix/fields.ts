import type { RouteEntry } from '../../src/platform/access/route-table.js';
import { fieldsOf } from '../../src/platform/http/field-rights.js';
import type { Permission } from '../../src/kernel/permissions.js';
import { keyOf } from './cells.js';
import { FIXTURES } from './fixtures.js';
import type { Stage } from './stage.js';

/** The permission that a route asks for, if that has fields which a role may leave out. */
export function permissionWithFields({ access }: RouteEntry): Permission | undefined {
  if (access?.rule !== 'permission' || fieldsOf(access.permission).length === 0) return undefined;
  return access.permission;
}

/**
 * Calls the route as somebody whose role leaves out all fields of its permission: each must be refused in a body, and be in
 * no answer. Yields what is not so.
 */
export async function* fieldFaultsOf(stage: Stage, route: RouteEntry): AsyncGenerator<string> {
  const permission = permissionWithFields(route)!;
  const fields = fieldsOf(permission);
  const caller = await stage.withoutFields(permission, fields);
  const { thing } = FIXTURES[keyOf(route)]!;
  const id = thing ? (await stage.name(thing, 'first', false)).id : '';
  const path = route.path.replace(':id', id);
  if (route.method === 'GET') {
    const { status, body, text } = await caller.get(path);
    if (status !== route.status) yield `answered ${status}: ${text}`;
    // Content is no JSON, and has no fields.
    const { data = [body ?? {}] } = (body ?? {}) as { data?: unknown[] };
    const shown = fields.filter((field) => data.some((item) => Object.hasOwn(item as object, field)));
    yield* shown.map((field) => `${field} is shown`);
    return;
  }
  for (const field of fields) {
    const { status, body } = await caller.send(route.method, path, { [field]: null });
    const { errors = [] } = body as { errors?: { pointer: string }[] };
    const pointers = errors.map(({ pointer }) => pointer).join();
    if (status !== 403 || pointers !== `/${field}`) yield `${field}: ${status} at ${pointers}`;
  }
}
