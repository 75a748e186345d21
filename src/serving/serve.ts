import type { NestExpressApplication } from '@nestjs/platform-express';
import { processConfig } from '../platform/config/config.module.js';
import { OperatorsService } from '../platform/auth/accounts/operators.service.js';
import { closeGracefully, listen } from '../platform/http/edge.adapter.js';
import { catchUpFleet } from './catch-up.js';
import { createApp } from './create-app.js';
import { plantDemo } from './demo.js';
import { fail } from './failure.js';
import { tellLinks } from './first-run.js';

/** How long requests under way may take once the process was told to stop. */
const DRAIN_MS = 8000;

/**
 * Starts the service and prints where it listens. SIGTERM and SIGINT stop it: nothing new is accepted, what is under
 * way is answered, then connections and the embedded database are closed. `demo` fills a tenant with sample data.
 */
export async function serve({ demo = false } = {}): Promise<void> {
  const config = processConfig();
  const app = await createApp(config);
  // All hooks of the start have run before anyone can call, and the first operator exists.
  await app.init();
  await catchUpFleet(app);
  const link = await app.get(OperatorsService).ensureFirst();
  const links = [
    ...(link ? [{ whose: 'the first operator', ...link }] : []),
    ...(demo ? (await plantDemo(app)).map((made) => ({ whose: `${made.email} (demo)`, ...made })) : []),
  ];
  const url = await listen(app, config);
  // Before the greeting, since whoever reads it may send a signal at once.
  stopOnSignal(app);
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  print(`Ringfence is listening on ${url}`);
  if (config.docsEnabled) print(`Documentation: ${url}/docs`);
  await tellLinks(config, url, links, print);
}

function stopOnSignal(app: NestExpressApplication): void {
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    exitOnFailure(closeGracefully(app, DRAIN_MS).then(() => process.exit(0)));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

/** Ends the process when the work fails. */
export function exitOnFailure(work: Promise<unknown>): void {
  work.catch(fail);
}
