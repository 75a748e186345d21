/** The browser tests need Chromium (CHROMIUM_PATH), so they are not part of `npm test`; all else is as there. */
module.exports = {
  ...require('./jest.config.cjs'),
  testMatch: ['<rootDir>/test/browser/**/*.browser-spec.ts'],
};
