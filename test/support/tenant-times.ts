import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const file = (dataDir: string): string => join(dataDir, 'test-tenants.times');

/** Notes how long a test waited for a tenant of its own. Test files run in several processes, so a file collects it. */
export function noteTenantTime(milliseconds: number): void {
  const dataDir = process.env.RINGFENCE_TEST_DATA_DIR;
  if (dataDir !== undefined) appendFileSync(file(dataDir), `${milliseconds.toFixed(1)}\n`);
}

/** One line for the end of the run; undefined when no test asked for a tenant. */
export function tenantTimes(dataDir: string): string | undefined {
  if (!existsSync(file(dataDir))) return undefined;
  const times = readFileSync(file(dataDir), 'utf8').trim().split('\n').map(Number);
  times.sort((one, other) => one - other);
  const at = (part: number): string => times[Math.floor(part * (times.length - 1))]!.toFixed(0);
  return `${times.length} tenants made for tests: half within ${at(0.5)} ms, 95 % within ${at(0.95)} ms`;
}
