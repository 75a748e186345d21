/** How the programs beside this one take and tell their figures. */
import { performance } from 'node:perf_hooks';

export const say = (what, ...figures) => console.log(`${`${what}:`.padEnd(46)} ${figures.join(', ')}`);
export const rate = (count, ms) => (1000 * count) / ms;
export const middle = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
export const percent = (part, whole) => `${((100 * part) / whole).toFixed(0)} %`;

export async function timed(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
