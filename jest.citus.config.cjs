const base = require('./jest.config.cjs');

/** The suite for a Citus cluster that somebody else runs: CITUS_URL names its coordinator. */
module.exports = {
  ...base,
  testMatch: ['<rootDir>/test/citus/*.citus-spec.ts'],
  globalSetup: '<rootDir>/test/citus/require-cluster.ts',
  globalTeardown: undefined,
};
