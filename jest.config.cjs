/** Tests run on the built code: `npm test` builds first. */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*-spec.ts', '<rootDir>/test/**/*.spec.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2023' }, module: { type: 'commonjs' } }] },
  moduleNameMapper: {
    '^(?:\\.\\./)+(src|migrations)/(.*)\\.js$': '<rootDir>/dist/$1/$2',
    '^((?:\\.\\./)+support/.*)\\.js$': '$1',
  },
};
