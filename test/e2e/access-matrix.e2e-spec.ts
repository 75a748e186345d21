import { readFileSync, writeFileSync } from 'node:fs';
import type { RouteEntry } from '../../src/platform/access/route-table.js';
import { asMarkdown, cellsOf, keyOf, type Cell } from '../matrix/cells.js';
import { covers, type Place } from '../matrix/expectation.js';
import { FIXTURES } from '../matrix/fixtures.js';
import { Stage } from '../matrix/stage.js';
import type { Answer, Client } from '../support/client.js';
import { routeTableOf } from '../support/routes.js';

const DOCUMENT = 'docs/access-matrix.md';
const REAL_PLACES = ['first', 'second', 'theirs'] as const;

/** What of an answer may not tell one absent thing from another. */
function told({ status, body, headers }: Answer): unknown {
  const { instance, requestId, ...rest } = (body ?? {}) as Record<string, unknown>;
  const PER_REQUEST = /^(date|x-request-id|(x-)?ratelimit.*)$/;
  const names = [...headers].map(([name, value]) => [name, PER_REQUEST.test(name) ? '' : value]);
  return { status, rest, names, has: [typeof instance, typeof requestId] };
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

  async function run(route: RouteEntry, { caller, place, expected }: Cell): Promise<Answer> {
    const { thing, body, query, ownSession } = FIXTURES[keyOf(route)]!;
    const isAllowed = expected < 300;
    const session: Client | undefined = ownSession ? await stage.signInAgain(caller) : undefined;
    // A vendor's own users are tied to the one that stands there; so it is replaced only where it would be removed.
    const isKept = route.method === 'GET' || (thing === 'vendor' && route.method !== 'DELETE');
    const isFresh = isAllowed && !isKept;
    const target = thing && place && (await stage.name(thing, place, isFresh, session));
    const path =
      route.path.replace(/:(id|name)/, target ? target.id : '') + (query?.(target?.slug ?? '') ?? '');
    return stage.call(caller, route.method, path, body?.(stage.vendorOf(caller)), session);
  }

  it.each(Object.keys(FIXTURES))(
    '%s answers each kind of caller as declared, and what is refused changes nothing',
    async (key) => {
      const route = routes.find((one) => keyOf(one) === key)!;
      const wrong: string[] = [];
      const absent = new Map<string, unknown>();
      const { thing } = FIXTURES[key]!;
      if (thing) for (const place of REAL_PLACES) await stage.name(thing, place, false);
      for (const cell of cellsOf(route)) {
        const { caller, place, expected } = cell;
        const isWatched = expected >= 400 && route.method !== 'GET';
        const before = isWatched ? await stage.state() : '';
        const answer = await run(route, cell);
        const label = `${caller} on ${place ?? '-'}`;
        if (answer.status !== expected)
          wrong.push(`${label}: ${answer.status}, not ${expected}: ${answer.text}`);
        if (isWatched && (await stage.state()) !== before) wrong.push(`${label}: refused, but rows changed`);
        if (expected !== 404) continue;
        if (place === 'missing') absent.set(caller, told(answer));
        else expect(told(answer)).toEqual(absent.get(caller));
      }
      expect(wrong).toEqual([]);
    },
    120_000,
  );

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
