import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Syntax that is refused, by name, so that each part of the tree takes the lists that hold for it. */
const REFUSED = {
  sqlFromText: [
    {
      selector:
        "CallExpression[callee.property.name='query'] > TemplateLiteral.arguments[expressions.length>0]",
      message: 'SQL is constant text; values travel as parameters. Only platform/tenancy builds statements.',
    },
    {
      selector: "CallExpression[callee.property.name='query'] > BinaryExpression.arguments[operator='+']",
      message: 'SQL is constant text; values travel as parameters. Only platform/tenancy builds statements.',
    },
    {
      // TypeORM runs any expression that it is given here.
      selector:
        'CallExpression[callee.property.name=/^(addOrderBy|orderBy|addGroupBy|groupBy)$/] > :matches(Identifier, MemberExpression).arguments:nth-child(1)',
      message: 'A column to sort or group by is constant text: TypeORM would run any SQL expression.',
    },
  ],
  environment: [
    {
      selector: "MemberExpression[object.name='process'][property.name='env']",
      message: 'The environment is read once, in platform/config.',
    },
    {
      selector: "ImportDeclaration[source.value=/^(node:)?process$/] > ImportSpecifier[imported.name='env']",
      message: 'The environment is read once, in platform/config.',
    },
  ],
  partialTests: [
    {
      selector:
        'MemberExpression[object.name=/^(describe|it|test)$/][property.name=/^(only|skip|todo|failing)$/]',
      message: 'Every test runs, always.',
    },
    {
      selector: 'CallExpression[callee.name=/^(fdescribe|fit|xdescribe|xit|xtest)$/]',
      message: 'Every test runs, always.',
    },
  ],
};
const refuse = (...names) => ['error', ...names.flatMap((name) => REFUSED[name])];

const NEST_EXCEPTIONS = {
  group: ['@nestjs/common'],
  importNamePattern: 'Exception$',
  message: 'Throw an error of kernel/errors.ts; problem.filter.ts alone knows HTTP.',
};
const NEST_KNOTS = {
  group: ['@nestjs/common'],
  importNames: ['forwardRef', 'Global'],
  message: 'Modules import what they use, one way.',
};

const NODE_GLOBALS = [
  '__dirname',
  '__filename',
  'Buffer',
  'clearTimeout',
  'console',
  'exports',
  'fetch',
  'module',
  'process',
  'require',
  'setTimeout',
  'URL',
];
const BROWSER_GLOBALS = [
  'customElements',
  'document',
  'fetch',
  'FormData',
  'HTMLElement',
  'history',
  'localStorage',
  'location',
  'matchMedia',
  'navigator',
  'sessionStorage',
  'setTimeout',
  'URLSearchParams',
  'window',
];
const readonly = (names) => Object.fromEntries(names.map((name) => [name, 'readonly']));

export default defineConfig(
  { ignores: ['dist/', 'coverage/', 'node_modules/', '.data/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      // Leaves every file with decorators alone: there a type import would take the class out of Nest's metadata.
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // A decorated class may be empty, as Nest's modules are.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // With noUncheckedIndexedAccess, `!` is how one says "there by construction"; the compiler knows no other way.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Interfaces with async methods are also met by implementations that await nothing.
      '@typescript-eslint/require-await': 'off',
      // `return next(error)` and `() => socket.destroy()` are how Express and Node are written.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // Rows are plain data: TypeORM makes the instances from them.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // DTOs and rows are plain data: no method of theirs is lost.
      '@typescript-eslint/no-misused-spread': 'off',
      eqeqeq: ['error', 'always'],
      'max-lines': ['error', { max: 250 }],
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-syntax': refuse('sqlFromText', 'environment'),
      'no-restricted-imports': ['error', { patterns: [NEST_EXCEPTIONS, NEST_KNOTS] }],
    },
  },
  {
    files: ['src/platform/http/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [NEST_KNOTS] }] },
  },
  {
    files: ['src/platform/tenancy/**/*.ts'],
    rules: { 'no-restricted-syntax': refuse('environment') },
  },
  {
    files: ['src/platform/config/**/*.ts'],
    rules: { 'no-restricted-syntax': refuse('sqlFromText') },
  },
  {
    // What speaks to a person at a terminal.
    files: ['src/cli/**/*.ts', 'src/main.ts', 'test/support/global-*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-syntax': refuse('partialTests'),
      // Tables of cases read better with the number or the value in the title as it is.
      '@typescript-eslint/restrict-template-expressions': 'off',
    },
  },
  {
    files: ['**/*.{js,cjs}'],
    languageOptions: { sourceType: 'commonjs', globals: readonly(NODE_GLOBALS) },
  },
  {
    // Programs that measure, and tell a person what they saw.
    files: ['bench/**/*.mjs'],
    languageOptions: { globals: readonly(['console', 'fetch', 'process', 'URL']) },
    rules: { 'no-console': 'off' },
  },
  {
    // What browsers load.
    files: ['src/**/*.js'],
    languageOptions: { sourceType: 'module', globals: readonly(BROWSER_GLOBALS) },
  },
);
