import { randomBytes } from 'node:crypto';
import { fstatSync, closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, type Config } from './config.js';
import { isMasterKey } from './environment.js';

const OTHERS_MAY_ACCESS = 0o077;

/**
 * The 32 bytes that all other keys are wrapped with: given, or read from a file that its owner alone can access.
 * Outside production, without either, they are made once and kept in `<dataDir>/master.key`.
 */
export function loadMasterKey(config: Config): Buffer {
  if (config.masterKey !== undefined) return Buffer.from(config.masterKey, 'base64');
  if (config.masterKeyFile !== undefined) return readKey(config.masterKeyFile);
  if (config.nodeEnv === 'production')
    throw new ConfigError(['MASTER_KEY: must be given in production, here or as MASTER_KEY_FILE']);
  const path = join(config.dataDir, 'master.key');
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  try {
    // `wx` lets exactly one of several starting processes make the key; the others read it.
    writeFileSync(path, `${randomBytes(32).toString('base64')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readKey(path);
}

function readKey(path: string): Buffer {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    throw new ConfigError([`MASTER_KEY_FILE: ${path} cannot be read`]);
  }
  try {
    // Windows keeps access rights elsewhere; its mode bits say nothing.
    if (process.platform !== 'win32' && (fstatSync(file).mode & OTHERS_MAY_ACCESS) !== 0)
      throw new ConfigError([`MASTER_KEY_FILE: ${path} must be accessible to its owner alone (mode 0600)`]);
    const text = readFileSync(file, 'utf8').trim();
    if (!isMasterKey(text))
      throw new ConfigError([`MASTER_KEY_FILE: ${path} must hold base64 of exactly 32 bytes`]);
    return Buffer.from(text, 'base64');
  } finally {
    closeSync(file);
  }
}
