import { isDeepStrictEqual } from 'node:util';
import { v7 as uuidv7 } from 'uuid';
import type { RouteEntry } from '../../src/platform/access/route-table.js';
import type { Answer } from '../support/client.js';
import { cellsOf, keyOf, type Cell } from './cells.js';
import { FIXTURES } from './fixtures.js';
import type { Stage } from './stage.js';

/** A query field that no route takes: whoever may call is told of it, and whoever may not is not. */
const UNDECLARED = 'undeclared=1';
const PER_REQUEST = /^(date|x-request-id|(x-)?ratelimit.*)$/;

/**
 * Executes one route's cells; yields what is not as it must be. Refusals come first, so that nothing but a fault changes rows.
 * Without explanations it judges by the calls alone.
 */
export async function* faultsOf(stage: Stage, route: RouteEntry, isExplained = true): AsyncGenerator<string> {
  const cells = cellsOf(route);
  const absent = new Map<string, unknown>();
  const before = await stage.state();
  for (const cell of cells.filter(({ expected }) => expected >= 400)) {
    const { answer, faults } = await execute(stage, route, cell, isExplained);
    yield* faults;
    if (cell.expected !== 404 || cell.place === undefined) continue;
    if (cell.place === 'missing') absent.set(cell.caller, told(answer));
    else if (!isDeepStrictEqual(told(answer), absent.get(cell.caller)))
      yield `${labelOf(cell)}: can be told from what does not exist`;
  }
  if ((await stage.state()) !== before) yield 'all was refused, but rows changed';
  for (const cell of cells.filter(({ expected }) => expected < 400))
    yield* (await execute(stage, route, cell, isExplained)).faults;
}

/** Makes the call of the cell, after asking what would come of it, and what is said of input that no route takes. */
async function execute(stage: Stage, route: RouteEntry, cell: Cell, isExplained: boolean) {
  const { caller, place, expected, refusal } = cell;
  const { thing, body, query, ownSession } = FIXTURES[keyOf(route)]!;
  const session = ownSession ? await stage.signInAgain(caller) : undefined;
  // A vendor's own users are tied to the one that stands there; so it is replaced only where it would be removed.
  const isKept = route.method === 'GET' || (thing === 'vendor' && route.method !== 'DELETE');
  const target = thing && place && (await stage.name(thing, place, expected < 300 && !isKept, session));
  const path =
    route.path.replace(/:(id|name)/, target ? target.id : uuidv7()) + (query?.(target?.slug ?? '') ?? '');
  const call = (to: string) =>
    stage.call(caller, route.method, to, body?.(stage.vendorOf(caller), stage.agentOf(caller)), session);

  const faults: string[] = [];
  const compare = (what: string, found: unknown, right: unknown): void => {
    if (found !== right) faults.push(`${labelOf(cell)}: ${what} ${String(found)}, not ${String(right)}`);
  };
  const explained = isExplained ? await stage.explain(caller, route.method, path) : undefined;
  if (explained) compare('explained as', explained.status, refusal);
  if (refusal !== null) {
    const withMore = await call(path + (path.includes('?') ? '&' : '?') + UNDECLARED);
    compare('its input was looked at:', withMore.status, refusal);
  }
  const answer = await call(path);
  compare('answered', answer.status, expected);
  return { answer, faults };
}

const labelOf = ({ caller, place }: Cell): string => `${caller} on ${place ?? '-'}`;

/** What of an answer may not tell one absent thing from another. */
function told({ status, body, headers }: Answer): unknown {
  const { instance, requestId, ...rest } = (body ?? {}) as Record<string, unknown>;
  const names = [...headers].map(([name, value]) => [name, PER_REQUEST.test(name) ? '' : value]);
  return { status, rest, names, has: [typeof instance, typeof requestId] };
}
