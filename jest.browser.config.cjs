/** The browser tests need Chromium and a running server (DOCS_TEST_URL), so they are not part of `npm test`. */
module.exports = {
  testMatch: ['<rootDir>/test/browser/**/*.browser-spec.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }] },
};
