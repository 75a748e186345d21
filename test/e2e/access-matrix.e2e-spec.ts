import { readFileSync, writeFileSync } from 'node:fs';
import type { RouteEntry } from '../../src/platform/access/route-table.js';
import { asMarkdown, cellsOf, keyOf } from '../matrix/cells.js';
import { covers, type Place } from '../matrix/expectation.js';
import { fieldFaultsOf, permissionWithFields } from '../matrix/fields.js';
import { FIXTURES } from '../matrix/fixtures.js';
import { faultsOf } from '../matrix/row.js';
import { Stage } from '../matrix/stage.js';
import { routeTableOf } from '../support/routes.js';

const DOCUMENT = 'docs/access-matrix.md';
const REAL_PLACES = ['first', 'second', 'theirs'] as const;

async function all(found: AsyncIterable<string>): Promise<string[]> {
  const faults: string[] = [];
  for await (const fault of found) faults.push(fault);
  return faults;
}

describe('the access matrix', () => {
  let routes: RouteEntry[];
  let stage: Stage;

  beforeAll(async () => {
    routes = await routeTableOf();
    stage = await Stage.build();
  }, 120_000);

  it('has a fixture for each route, and none for others', () => {
    expect(Object.keys(FIXTURES).toSorted()).toEqual(routes.map(keyOf).toSorted());
  });

  it('is the one that was reviewed', () => {
    if (process.env.WRITE_MATRIX !== undefined) writeFileSync(DOCUMENT, asMarkdown(routes));
    expect(readFileSync(DOCUMENT, 'utf8')).toBe(asMarkdown(routes));
  });

  it.each(Object.keys(FIXTURES))(
    '%s answers each kind of caller as declared, as is explained, and what is refused changes nothing',
    async (key) => {
      const route = routes.find((one) => keyOf(one) === key)!;
      const { thing } = FIXTURES[key]!;
      if (thing) for (const place of REAL_PLACES) await stage.name(thing, place, false);
      expect(await all(faultsOf(stage, route))).toEqual([]);
    },
    120_000,
  );

  it('refuses each field that a role leaves out in a body, and shows it in no answer', async () => {
    for (const route of routes.filter(permissionWithFields))
      expect({ route: keyOf(route), faults: await all(fieldFaultsOf(stage, route)) }).toEqual({
        ...{ route: keyOf(route), faults: [] },
      });
  });

  it.each(Object.entries(FIXTURES).filter(([, { lists }]) => lists))(
    '%s names exactly what the caller may see, however it is asked',
    async (key, { lists }) => {
      const route = routes.find((one) => keyOf(one) === key)!;
      const { access } = route;
      const permission = access?.rule === 'permission' ? access.permission : '';
      const ids = new Map<Place, string>();
      for (const place of REAL_PLACES) ids.set(place, (await stage.name(lists!, place, false)).id);
      for (const { caller, expected } of cellsOf(route)) {
        if (expected !== 200) continue;
        const visible = REAL_PLACES.filter((place) => covers(caller, permission, place));
        for (const more of ['', '&sort=name', '&sort=createdAt']) {
          const path = `${route.path}?limit=100&q=${stage.marker}${more}`;
          const { data } = (await stage.call(caller, 'GET', path, undefined)).body as {
            data: { id: string }[];
          };
          const found = REAL_PLACES.filter((place) => data.some(({ id }) => id === ids.get(place)));
          expect({ caller, more, found }).toEqual({ caller, more, found: visible });
          expect(data).toHaveLength(visible.length);
        }
      }
    },
  );
});
