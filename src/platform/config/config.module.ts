import { Module } from '@nestjs/common';
import { loadConfig, type Config } from './config.js';

/** Token of the Config: `@Inject(CONFIG) config: Config`. */
export const CONFIG = Symbol('CONFIG');

let fromProcess: Config | undefined;

/** The configuration of this process, read at the first call. Throws a ConfigError. */
export function processConfig(): Config {
  return (fromProcess ??= loadConfig(process.env));
}

/** Gives the process's one Config to whichever room imports this. */
@Module({ providers: [{ provide: CONFIG, useFactory: processConfig }], exports: [CONFIG] })
export class ConfigModule {}
