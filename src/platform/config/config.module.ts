import { Module } from '@nestjs/common';
import { loadConfig, type Config } from './config.js';
import { loadMasterKey } from './master-key.js';

/** Token of the Config: `@Inject(CONFIG) config: Config`. */
export const CONFIG = Symbol('CONFIG');

/** Token of the master key: `@Inject(MASTER_KEY) masterKey: Buffer`, 32 bytes. */
export const MASTER_KEY = Symbol('MASTER_KEY');

let fromProcess: Config | undefined;

/** The configuration of this process, read at the first call. Throws a ConfigError. */
export function processConfig(): Config {
  return (fromProcess ??= loadConfig(process.env));
}

/** Puts another configuration in the place of the environment's, before the application is made from it. */
export function replaceProcessConfig(config: Config): void {
  fromProcess = config;
}

/** Gives the process's one Config, and its master key, to whichever room imports this. */
@Module({
  providers: [
    { provide: CONFIG, useFactory: processConfig },
    { provide: MASTER_KEY, inject: [CONFIG], useFactory: loadMasterKey },
  ],
  exports: [CONFIG, MASTER_KEY],
})
export class ConfigModule {}
