import { setTimeout as sleep } from 'node:timers/promises';

/** Waits as long as the test may take. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(200);
}
