const { join } = require('node:path');

const room = (name) => `^src/${name}/`;
/** What a feature may use of http: the words for routes and answers, not the machinery behind them. */
const HTTP_WORDS =
  '^src/platform/http/(?![^/]*(filter|guard|pipe|setup|module|interceptor|middleware)\\.ts$)';
/** What a feature may use of tenancy: the door to the caller's data, not the pools, roles and registry behind it. */
const TENANCY_DOOR =
  '^src/platform/tenancy/(tenancy\\.module|tenant\\.repository|tenant-resource|tenant-binding|database-errors|page-query|tenant-context|registry/tenant-directory|registry/tenant-lifecycle)\\.ts$';
/** What moves or replaces a whole tenant. */
const TENANCY_WHOLE =
  '^src/platform/tenancy/(registry/tenant-restoration|tenant-tables|registry/tenant\\.entity)\\.ts$';
const MIGRATION_LISTS = '^migrations/(platform|tenant)/all\\.ts$';
/** What one feature may use of another: its service, module and entity. */
const faceOf = (feature) => `^src/features/${feature}/[^/]+\\.(service|module|entity)\\.ts$`;

const KERNEL = room('kernel');
const CONFIG = room('platform/config');
const DATABASE = room('platform/database');
const HTTP = room('platform/http');
const TENANCY = room('platform/tenancy');
const AUTH = room('platform/auth');
const API_KEYS = room('platform/api-keys');
const AUDIT = room('platform/audit');
const ROLES = room('platform/roles');
const PROTECTION = room('platform/protection');
const MAIL = room('platform/mail');

/** Each room and what of our own code it may import besides itself. Anything else is red. */
const ROOMS = {
  kernel: [],
  'platform/config': [],
  'platform/database': [KERNEL, CONFIG],
  'platform/http': [KERNEL, CONFIG],
  'platform/health': [HTTP],
  'platform/tenancy': [KERNEL, CONFIG, DATABASE, HTTP, MIGRATION_LISTS],
  'platform/protection': [KERNEL, CONFIG, TENANCY],
  'platform/audit': [KERNEL, CONFIG, HTTP, TENANCY, PROTECTION],
  'platform/mail': [CONFIG],
  'platform/roles': [KERNEL, HTTP_WORDS, TENANCY, AUDIT],
  'platform/api-keys': [KERNEL, CONFIG, HTTP_WORDS, TENANCY, ROLES, AUDIT, PROTECTION, MAIL],
  'platform/auth': [KERNEL, CONFIG, HTTP, TENANCY, ROLES, API_KEYS, AUDIT, PROTECTION, MAIL],
  'platform/access': [KERNEL, HTTP],
  'platform/idempotency': [KERNEL, HTTP, TENANCY, PROTECTION],
  'platform/users': [KERNEL, HTTP_WORDS, TENANCY, ROLES, AUTH, AUDIT],
  'platform/tenants': [KERNEL, HTTP_WORDS, TENANCY, AUTH, AUDIT, room('platform/users')],
  'platform/explain': [
    KERNEL,
    HTTP_WORDS,
    TENANCY,
    ROLES,
    API_KEYS,
    room('platform/access'),
    room('platform/users'),
  ],
  'platform/docs': [KERNEL, CONFIG, HTTP],
  'features/vendors': [KERNEL, HTTP_WORDS, TENANCY_DOOR],
  'features/agents': [KERNEL, HTTP_WORDS, TENANCY_DOOR, faceOf('vendors')],
  'features/files': [
    KERNEL,
    HTTP_WORDS,
    TENANCY_DOOR,
    CONFIG,
    '^src/platform/idempotency/idempotency\\.(module|interceptor)\\.ts$',
    PROTECTION,
    '^src/platform/audit/audit(\\.module|-trail)\\.ts$',
    faceOf('vendors'),
    faceOf('agents'),
  ],
  // It moves whole tenants: above the features, since it takes the bytes of files along.
  'features/portability': [
    KERNEL,
    HTTP_WORDS,
    TENANCY_DOOR,
    CONFIG,
    TENANCY_WHOLE,
    room('platform/tenants'),
    faceOf('files'),
    '^src/features/files/file-storage\\.ts$',
  ],
};
/** They put the rooms together, so they may see all of them. */
const COMPOSITION = '^src/(cli/|serving/|app\\.module\\.ts$|main\\.ts$)';
const OUR_CODE = '^(src|migrations|test)/|^ormconfig\\.ts$';

const roomRules = Object.entries(ROOMS).map(([name, allowed]) => ({
  name: `walls-of-${name.replace('/', '-')}`,
  severity: 'error',
  comment: `src/${name} may import only: ${['itself', ...allowed].join(', ')}`,
  from: { path: room(name) },
  to: { path: OUR_CODE, pathNot: [room(name), ...allowed] },
}));

/** Inside a room: module -> controller -> service -> repository -> entity; dto -> entity. Never back. */
const ORDER = {
  entity: ['module', 'controller', 'service', 'repository', 'dto'],
  repository: ['module', 'controller', 'service', 'dto'],
  dto: ['module', 'controller', 'service', 'repository'],
  service: ['module', 'controller'],
  controller: ['module', 'repository'],
};
const orderRules = Object.entries(ORDER).map(([role, above]) => ({
  name: `order-of-${role}`,
  severity: 'error',
  from: { path: `^src/(features|platform/(users|tenants|roles|api-keys))/.*\\.${role}\\.ts$` },
  // The base of all repositories, and of the entities that they keep, is one file.
  to: { path: `^src/.*\\.(${above.join('|')})\\.ts$`, pathNot: TENANCY },
}));

const npmPackage = (...names) => names.map((name) => `(^|node_modules/)${name}(/|$)`);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...roomRules,
    ...orderRules,
    {
      name: 'kernel-imports-nothing',
      severity: 'error',
      comment: 'Not even Nest, not even Node: all storeys share these words.',
      from: { path: KERNEL },
      to: { pathNot: KERNEL },
    },
    {
      name: 'config-needs-a-validator-only',
      severity: 'error',
      from: { path: CONFIG },
      to: { pathNot: [CONFIG, ...npmPackage('zod', '@nestjs/common')], dependencyTypesNot: ['core'] },
    },
    {
      name: 'no-room-outside-the-plan',
      severity: 'error',
      comment: 'A new room gets its line in the table above.',
      from: {},
      to: { path: '^src/', pathNot: [...Object.keys(ROOMS).map(room), COMPOSITION] },
    },
    {
      name: 'nothing-imports-the-composition',
      severity: 'error',
      from: { path: '^(src|migrations)/', pathNot: COMPOSITION },
      to: { path: COMPOSITION },
    },
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'Imports of types count as well.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'typeorm-behind-the-door',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: ['\\.(repository|entity)\\.ts$', TENANCY, '^src/platform/auth/accounts/[^/]*store\\.ts$'],
      },
      to: { path: npmPackage('typeorm', '@nestjs/typeorm') },
    },
    {
      name: 'pg-in-the-database-rooms',
      severity: 'error',
      from: { path: '^src/', pathNot: [TENANCY, DATABASE, '^src/cli/'] },
      to: { path: npmPackage('pg') },
    },
    {
      name: 'migrations-stand-alone',
      severity: 'error',
      comment: 'A migration must mean the same in ten years, whatever the code then is.',
      from: { path: '^migrations/' },
      to: { path: OUR_CODE, pathNot: '^migrations/' },
    },
    {
      name: 'no-index',
      severity: 'error',
      comment: 'Import what you mean from where it is.',
      from: {},
      to: { path: '(^|/)index\\.ts$', pathNot: 'node_modules' },
    },
    {
      name: 'no-drawers',
      severity: 'error',
      from: {},
      to: { path: '/(util|utils|common|shared|helper|helpers|misc)(/|\\.ts$)', pathNot: 'node_modules' },
    },
    {
      name: 'src-knows-no-test',
      severity: 'error',
      from: { path: '^(src|migrations|ormconfig)' },
      to: { path: ['^test/', '\\.(e2e-|browser-)?spec\\.ts$'] },
    },
    {
      name: 'no-dev-dependency-at-run-time',
      severity: 'error',
      from: { path: '^(src|migrations|ormconfig)' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'only-declared-packages',
      severity: 'error',
      from: { path: '^(src|migrations|ormconfig)' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'everything-resolves',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: join(__dirname, 'tsconfig.json') },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
