import type { INestApplicationContext } from '@nestjs/common';

/**
 * Runs work with the whole application but its HTTP side. When a server of this data folder is running, its database
 * is shared; otherwise the database is started for the time of the command.
 */
export async function withApplication(work: (app: INestApplicationContext) => Promise<void>): Promise<void> {
  // Loaded only when a command needs it, so that help and usage errors come at once.
  const { NestFactory } = await import('@nestjs/core');
  const { processConfig, replaceProcessConfig } = await import('../platform/config/config.module.js');
  const { connectToRunning } = await import('../platform/database/embedded-postgres.js');
  const config = processConfig();
  const running = config.databaseUrl === undefined ? await connectToRunning(config.dataDir) : null;
  if (running) replaceProcessConfig({ ...config, databaseUrl: running.url });
  const { AppModule } = await import('../app.module.js');
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  try {
    await work(app);
  } finally {
    await app.close();
  }
}

/** Prints one answer: as JSON for programs, as the given lines for people. */
export function answer(isJson: boolean | undefined, value: unknown, lines: readonly string[]): void {
  process.stdout.write(`${isJson ? JSON.stringify(value) : lines.join('\n')}\n`);
}
