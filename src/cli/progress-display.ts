import { SingleBar } from 'cli-progress';
import type { Progress } from '../features/portability/progress.js';

const PERCENT_PER_LINE = 25;

/**
 * How far the work is, on stderr, so that answers can be piped: a bar on a terminal, a line every quarter elsewhere,
 * nothing when a program reads (`--json`). Call `stop` at the end, also of what failed.
 */
export function progressDisplay(label: string, isJson: boolean | undefined): Progress & { stop(): void } {
  if (isJson) return { total: () => undefined, advance: () => undefined, stop: () => undefined };
  if (!process.stderr.isTTY) return plainLines(label);
  const bar = new SingleBar({
    format: `${label} [{bar}] {percentage}% | {value}/{total} bytes`,
    stream: process.stderr,
    hideCursor: true,
  });
  return {
    total: (bytes) => {
      bar.start(bytes, 0);
    },
    advance: (bytes) => {
      bar.increment(bytes);
    },
    stop: () => {
      bar.stop();
    },
  };
}

function plainLines(label: string): Progress & { stop(): void } {
  let total = 0;
  let done = 0;
  let told = 0;
  return {
    total: (bytes) => {
      total = bytes;
    },
    advance: (bytes) => {
      done += bytes;
      const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
      if (percent < told + PERCENT_PER_LINE) return;
      told = percent - (percent % PERCENT_PER_LINE);
      process.stderr.write(`${label}: ${told}% of ${total} bytes\n`);
    },
    stop: () => undefined,
  };
}
