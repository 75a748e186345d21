'use strict';

const { spawnSync } = require('node:child_process');
const { existsSync, readdirSync, statSync } = require('node:fs');
const { join } = require('node:path');

const ROOT = join(__dirname, '..');
const BUILT = join(ROOT, 'dist/src/main.js');
const SOURCES = [
  'src',
  'migrations',
  'ormconfig.ts',
  'nest-cli.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'package-lock.json',
];

/** When the file, or the newest file below the folder, was last changed; 0 when it is not there. */
function changedAt(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => changedAt(join(path, name))));
}

/** Builds the server unless what is built is newer than every source. An installation without sources is left as it is. */
exports.ensureBuilt = function ensureBuilt() {
  if (!existsSync(join(ROOT, 'src'))) return;
  const builtAt = changedAt(BUILT);
  if (SOURCES.every((source) => changedAt(join(ROOT, source)) < builtAt)) return;
  process.stderr.write('Building Ringfence…\n');
  const nest = require.resolve('@nestjs/cli/bin/nest.js');
  const { status } = spawnSync(process.execPath, [nest, 'build', '-p', 'tsconfig.build.json'], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) process.exit(1);
};
