const { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } = require('node:fs');
const { join, relative } = require('node:path');

const ROOT = __dirname;
const MODULES = join(ROOT, 'node_modules');
const CACHE = join(MODULES, '.cache', 'ringfence', 'esm-packages.json');

/** The folders of all installed packages, scoped and nested ones too. */
function* packageFolders(modules) {
  if (!existsSync(modules)) return;
  for (const entry of readdirSync(modules, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
    const folder = join(modules, entry.name);
    if (entry.name.startsWith('@')) {
      for (const scoped of readdirSync(folder)) yield* packageAndNested(join(folder, scoped));
    } else yield* packageAndNested(folder);
  }
}

function* packageAndNested(folder) {
  if (existsSync(join(folder, 'package.json'))) yield folder;
  yield* packageFolders(join(folder, 'node_modules'));
}

/** Packages that are ES modules. Jest cannot `require` those before Node 24.9, so they are compiled to CommonJS. */
function esmPackages() {
  const installed = join(MODULES, '.package-lock.json');
  const stamp = existsSync(installed) ? statSync(installed).mtimeMs : 0;
  if (existsSync(CACHE)) {
    const cached = JSON.parse(readFileSync(CACHE, 'utf8'));
    if (cached.stamp === stamp) return cached.packages;
  }
  const packages = [...packageFolders(MODULES)]
    .filter((folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).type === 'module')
    .map((folder) => relative(ROOT, folder).replaceAll('\\', '/'));
  mkdirSync(join(CACHE, '..'), { recursive: true });
  writeFileSync(CACHE, JSON.stringify({ stamp, packages }));
  return packages;
}

const literal = (text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
const esm = esmPackages().map(literal).join('|');

const swc = (parser) => [
  '@swc/jest',
  {
    jsc: {
      parser,
      target: 'es2023',
      keepClassNames: true,
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  },
];

/** Tests see the code as it ships: `../../src/x.js` is `dist/src/x.js`, made by `npm run build`. */
module.exports = {
  rootDir: ROOT,
  testEnvironment: 'node',
  // As Node's own `require` resolves: some packages offer nothing but an ES module.
  testEnvironmentOptions: { customExportConditions: ['node', 'node-addons', 'module-sync'] },
  testMatch: ['<rootDir>/test/**/*.{e2e-spec,spec}.ts'],
  moduleFileExtensions: ['js', 'ts', 'cjs', 'mjs', 'json', 'node'],
  moduleNameMapper: {
    '^(?:\\.\\./)+(src|migrations)/(.*)\\.js$': '<rootDir>/dist/$1/$2.js',
    '^(?:\\.\\./)+ormconfig\\.js$': '<rootDir>/dist/ormconfig.js',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: ['<rootDir>/.data/'],
  transform: {
    '\\.ts$': swc({ syntax: 'typescript', decorators: true }),
    '\\.[cm]?js$': swc({ syntax: 'ecmascript' }),
  },
  transformIgnorePatterns: [
    `^${literal(ROOT)}/dist/`,
    // All of node_modules but the ES modules' own files and any .mjs; what is nested in one of them is judged by itself.
    `^${literal(ROOT)}/(?!(?:${esm})/(?!(?:.*/)?node_modules/))(?!.*\\.mjs$).*node_modules/`,
  ],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  testTimeout: 30_000,
  maxWorkers: 2,
};
