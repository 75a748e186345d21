const { existsSync, readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

/** Packages that are ES modules: jest cannot `require` them before Node 24.9, so swc turns them into CommonJS. */
function esModules(folder = join(__dirname, 'node_modules'), scope = '') {
  return readdirSync(folder).flatMap((name) => {
    if (name.startsWith('@') && scope === '') return esModules(join(folder, name), `${name}/`);
    const manifest = join(folder, name, 'package.json');
    if (name.startsWith('.') || !existsSync(manifest)) return [];
    return JSON.parse(readFileSync(manifest, 'utf8')).type === 'module' ? [scope + name] : [];
  });
}

const parser = { syntax: 'typescript', decorators: true };
const transform = { decoratorMetadata: true, legacyDecorator: true };
const swc = [
  '@swc/jest',
  {
    jsc: { parser, transform, keepClassNames: true, target: 'es2022' },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  },
];

/** Tests run on the built code: `npm test` builds it first. */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.spec.ts', '**/*.e2e-spec.ts'],
  moduleNameMapper: {
    '^(?:\\.\\./)+(src|migrations)/(.*)\\.js$': '<rootDir>/dist/$1/$2',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: { '^.+\\.(t|j|mj)s$': swc },
  transformIgnorePatterns: [`/node_modules/(?!(?:${esModules().join('|')})/)`, '<rootDir>/dist/'],
};
