import type { RouteEntry } from '../../src/platform/access/route-table.js';
import {
  ALL_PLACES,
  CALLER_KINDS,
  coversVendorUser,
  expectedStatus,
  type CallerKind,
  type Place,
} from './expectation.js';
import { FIXTURES, type Fixture } from './fixtures.js';

/** One call of the matrix, and the status that it must earn. */
export interface Cell {
  caller: CallerKind;
  place: Place | undefined;
  expected: number;
  /** The status with which the guards refuse it; null when they let it through. */
  refusal: number | null;
}

export const keyOf = ({ method, path }: RouteEntry): string => `${method} ${path}`;

/** Tenants and roles belong to no vendor. */
function placesOf({ thing }: Fixture): (Place | undefined)[] {
  if (thing === undefined) return [undefined];
  if (thing === 'tenant') return ['first', 'missing'];
  return thing === 'role' ? ALL_PLACES.filter((place) => place !== 'second') : ALL_PLACES;
}

/** Of sessions and roles the guards know only who may ask; which there are, the services. */
function byGuards({ owner }: RouteEntry, expected: number): number | null {
  return [401, 403].includes(expected) || (expected === 404 && owner) ? expected : null;
}

/** All cells of the route; the missing thing comes first, to compare the others with. Throws when it has no fixture. */
export function cellsOf(route: RouteEntry): Cell[] {
  const fixture = FIXTURES[keyOf(route)];
  if (!fixture) throw new Error(`${keyOf(route)} has no line in test/matrix/fixtures.ts`);
  const reached = fixture.reached ?? route.status;
  return CALLER_KINDS.flatMap((caller) =>
    placesOf(fixture)
      .toReversed()
      .map((place) => {
        const byDeclaration = expectedStatus(route, caller, place, reached);
        const isBeyond = fixture.takesOver && byDeclaration < 300 && !coversVendorUser(caller, place!);
        const expected = isBeyond ? 403 : byDeclaration;
        return { caller, place, expected, refusal: isBeyond ? null : byGuards(route, expected) };
      }),
  );
}

/** The matrix as the documentation has it. */
export function asMarkdown(routes: readonly RouteEntry[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rows = routes.map((route) => {
    const cells = cellsOf(route);
    const { access } = route;
    const statuses = CALLER_KINDS.map((kind) => {
      const own = cells.filter(({ caller }) => caller === kind).toReversed();
      return [...new Set(own.map(({ expected }) => expected))].length === 1
        ? String(own[0]!.expected)
        : own.map(({ place, expected }) => `${place} ${expected}`).join(', ');
    });
    return line([
      keyOf(route),
      access?.rule === 'permission' ? access.permission : String(access?.rule),
      ...statuses,
    ]);
  });
  const count = routes.flatMap(cellsOf).length;
  return [
    '# Who is answered what',
    '',
    'Made from the declarations of the routes by `npm run matrix:export`; `test/e2e/access-matrix.e2e-spec.ts` makes each of these',
    `${count} calls over HTTP. A changed line is a change of rights. \`first\`: a thing of the vendor of the callers \`vendor\` and \`custom\` (of`,
    'sessions: the caller’s own); `second`: of another vendor; `theirs`: of another tenant; `missing`: no such thing. One number: the same for all.',
    'Routes that are called with input that is wrong on purpose answer 422 to those who may call them. Each refusal is tried once more with',
    'input that no route takes, and is the same: who may not call learns nothing of what the input should be.',
    '',
    line(['route', 'needs', ...CALLER_KINDS]),
    line(['---', '---', ...CALLER_KINDS.map(() => '---')]),
    ...rows,
    '',
  ].join('\n');
}
