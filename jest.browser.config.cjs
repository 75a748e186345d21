/** The tests that need a browser: the same server and the same rules as the others. */
module.exports = {
  ...require('./jest.config.cjs'),
  testMatch: ['<rootDir>/test/browser/*.browser-spec.ts'],
  testTimeout: 120_000,
  maxWorkers: 1,
};
