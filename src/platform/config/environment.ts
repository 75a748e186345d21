import { isIP } from 'node:net';
import { z } from 'zod';
import { databaseUrl, list, oneOf, text, variable, wholeNumber, type Reading } from './variables.js';

/** What may be uploaded unless UPLOAD_TYPES narrows it; nothing outside this list can be allowed. */
export const KNOWN_UPLOAD_TYPES = [
  'application/pdf',
  'image/png',
  'image/jpeg',
  'image/webp',
  'image/gif',
  'text/plain',
  'text/csv',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  'application/zip',
] as const;

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
/** Name of the database that holds the registry. */
export const MAIN_DATABASE = 'main';
/** Each database needs a connection for each of its four logins. */
const CONNECTIONS_A_DATABASE = 4;
const DEFAULT_POOL_SIZE = 16;
/** What the database is: one PostgreSQL, or the coordinator of a Citus cluster. */
const DATABASE_ENGINES = ['postgres', 'citus'] as const;
const TENANT_BINDS = ['role', 'transaction', 'set_user'] as const;
const NODE_ENVS = ['development', 'test', 'production'] as const;
const DAY_SECONDS = 86_400;
const MEBIBYTE = 1_048_576;
const MAX_SAFE = 999_999_999_999_999;
const BCRYPT_COST_FLOOR = 12;

/** `name=postgres://…`, comma separated; a comma in a URL is written %2C. */
function readDatabases(text: string): Reading<Readonly<Record<string, string>>> {
  const mustBe =
    'a comma separated list of name=postgres://…; names are 1 to 30 lower-case letters, digits and -, begin with a letter, are not main and come once';
  const found: Record<string, string> = {};
  for (const item of text.split(',').map((part) => part.trim())) {
    const [, name, url] = /^([a-z][a-z0-9-]{0,29})=(.+)$/.exec(item) ?? [];
    if (name === undefined || url === undefined || name === MAIN_DATABASE || Object.hasOwn(found, name))
      return { mustBe };
    if (!databaseUrl.safeParse(url).success) return { mustBe };
    found[name] = url;
  }
  return { value: found };
}

/** `none` switches mail off. */
const smtpUrl = variable<string>(
  (text) =>
    text === 'none' || (/^smtps?:\/\/[^/]/.test(text) && URL.canParse(text))
      ? { value: text }
      : { mustBe: '`none`, or a URL that begins with smtp:// or smtps://' },
  true,
);

function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

function isAddressOrBlock(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}

function readTrustProxy(text: string): Reading<false | number | readonly string[]> {
  if (/^\d{1,2}$/.test(text)) return { value: Number(text) === 0 ? false : Number(text) };
  const blocks = text.split(',').map((item) => item.trim());
  if (blocks.every(isAddressOrBlock)) return { value: blocks };
  return { mustBe: '0, a number of hops, or a comma separated list of addresses or CIDR blocks' };
}

/** Whether the text is base64 of exactly 32 bytes, spelled canonically. */
export function isMasterKey(text: string): boolean {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === 32 && bytes.toString('base64') === text;
}

/** Every variable that the service reads, and its default. `.env.example` explains them. */
export const environmentSchema = z.object({
  NODE_ENV: oneOf(NODE_ENVS).default('development'),
  HOST: text(1, 255).default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535).default(3000),
  DATA_DIR: text(1, 4096).default('.data'),
  DATABASE_URL: databaseUrl.optional(),
  DATABASE_ENGINE: oneOf(DATABASE_ENGINES).default('postgres'),
  CORS_ORIGINS: list(
    isOrigin,
    'a comma separated list of exact http(s) origins, without a path and without *',
  ).default([]),
  TRUST_PROXY: variable(readTrustProxy).default(false),
  RATE_LIMIT_PER_MINUTE: wholeNumber(0, 1_000_000).default(60),
  LOGIN_RATE_LIMIT_PER_MINUTE: wholeNumber(0, 1_000_000).default(10),
  ACCESS_TOKEN_SECONDS: wholeNumber(30, 3600).default(600),
  REFRESH_TOKEN_SECONDS: wholeNumber(60, 30 * DAY_SECONDS).default(DAY_SECONDS / 2),
  SESSION_IDLE_SECONDS: wholeNumber(60, 30 * DAY_SECONDS).default(3600),
  SIGNING_KEY_ROTATION_DAYS: wholeNumber(1, 365).default(90),
  UPLOAD_MAX_BYTES: wholeNumber(1, 1024 * MEBIBYTE).default(10 * MEBIBYTE),
  UPLOAD_TYPES: list(
    (type) => KNOWN_UPLOAD_TYPES.some((known) => known === type),
    `a comma separated list out of ${KNOWN_UPLOAD_TYPES.join(', ')}`,
  ).default(KNOWN_UPLOAD_TYPES),
  S3_BUCKET: variable<string>((value) =>
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(value) ? { value } : { mustBe: 'the name of a bucket' },
  ).optional(),
  S3_REGION: text(1, 64).default('us-east-1'),
  S3_ENDPOINT: variable<string>((value) =>
    /^https?:\/\/[^/]/.test(value) && URL.canParse(value)
      ? { value }
      : { mustBe: 'a URL that begins with http:// or https://' },
  ).optional(),
  S3_ACCESS_KEY_ID: text(1, 256).optional(),
  S3_SECRET_ACCESS_KEY: text(1, 256, true).optional(),
  CLAMAV_URL: variable<string>((value) =>
    /^(tcp:\/\/[^/:]+:\d{1,5}|tcp:\/\/\[[0-9a-f:]+\]:\d{1,5}|unix:\/.+)$/.test(value) && URL.canParse(value)
      ? { value }
      : { mustBe: 'tcp://host:port or unix:/path' },
  ).optional(),
  CLAMAV_WHEN_AWAY: oneOf(['pending', 'refuse']).default('pending'),
  STORAGE_MIN_FREE_BYTES: wholeNumber(0, MAX_SAFE).default(256 * MEBIBYTE),
  TENANT_CONCURRENT_REQUESTS: wholeNumber(1, 1_000_000).default(500),
  TENANT_REQUESTS_PER_MINUTE: wholeNumber(1, 1_000_000_000).default(60_000),
  TENANT_STORAGE_BYTES: wholeNumber(0, MAX_SAFE).default(10_240 * MEBIBYTE),
  TENANT_USERS: wholeNumber(1, 1_000_000_000).default(1000),
  TENANT_VENDORS: wholeNumber(0, 1_000_000_000).default(10_000),
  TENANT_AGENTS: wholeNumber(0, 1_000_000_000).default(50_000),
  DB_POOL_SIZE: wholeNumber(4, 100).default(DEFAULT_POOL_SIZE),
  DB_CONNECT_TIMEOUT_MS: wholeNumber(100, 60_000).default(3000),
  DB_QUERY_TIMEOUT_MS: wholeNumber(100, 600_000).default(5000),
  DB_LOCK_TIMEOUT_MS: wholeNumber(100, 600_000).default(2000),
  DB_IDLE_TRANSACTION_TIMEOUT_MS: wholeNumber(100, 600_000).default(10_000),
  DB_TRANSACTION_TIMEOUT_MS: wholeNumber(100, 600_000).default(30_000),
  DB_CONNECTION_MAX_USES: wholeNumber(1, 1_000_000).default(5000),
  DB_CONNECTION_MAX_AGE_SECONDS: wholeNumber(1, DAY_SECONDS).default(1800),
  TENANT_DATABASES: variable(readDatabases, true).default({}),
  DB_NAMED_STATEMENTS: wholeNumber(0, 10_000).default(256),
  TENANT_BIND: oneOf(TENANT_BINDS).default('role'),
  TENANT_DATABASE_URL: databaseUrl.optional(),
  AUDIT_RETENTION_DAYS: wholeNumber(0, 36_500).default(0),
  AUDIT_CHECKPOINT_FILE: text(1, 4096).optional(),
  LOG_LEVEL: oneOf(LOG_LEVELS).default('info'),
  // The floor is raised to 12 by relationFaults wherever NODE_ENV is not `test`.
  BCRYPT_COST: wholeNumber(4, 15).default(BCRYPT_COST_FLOOR),
  PASSWORD_MIN_LENGTH: wholeNumber(8, 64).default(15),
  MASTER_KEY: variable<string>(
    (value) => (isMasterKey(value) ? { value } : { mustBe: 'base64 of exactly 32 bytes' }),
    true,
  ).optional(),
  MASTER_KEY_FILE: text(1, 4096).optional(),
  PUBLIC_URL: variable<string>((value) =>
    isOrigin(value)
      ? { value }
      : { mustBe: 'an http(s) origin without a path, as in https://api.example.com' },
  ).optional(),
  SMTP_URL: smtpUrl.optional(),
  MAIL_FROM: variable<string>((value) =>
    /^([^<>@\p{Cc}]* )?<?[^\s<>@,;"]+@[^\s<>@,;"]+>?$/u.test(value) && value.length <= 320
      ? { value }
      : { mustBe: 'one e-mail address, as in Acme <no-reply@acme.example>' },
  ).optional(),
  DOCS_ENABLED: oneOf(['true', 'false'])
    .transform((value) => value === 'true')
    .default(true),
  BOOTSTRAP_OPERATOR_EMAIL: text(3, 254).optional(),
  BOOTSTRAP_OPERATOR_PASSWORD: text(8, 128, true).optional(),
});

/** Faults that lie between variables; asked even when single variables are wrong, so that one start shows them all. */
export function relationFaults(env: Readonly<Record<string, string | undefined>>): string[] {
  const faults: string[] = [];
  if (env['NODE_ENV'] === 'production') {
    if (!env['DATABASE_URL']) faults.push('DATABASE_URL: must be given in production');
    if (!env['MASTER_KEY'] && !env['MASTER_KEY_FILE'])
      faults.push('MASTER_KEY: must be given in production, here or as MASTER_KEY_FILE');
  }
  if (env['NODE_ENV'] === 'production' && !env['SMTP_URL'])
    faults.push('SMTP_URL: must be given in production; `none` switches mail off, and with it recovery');
  if (env['SMTP_URL'] && env['SMTP_URL'] !== 'none')
    for (const needed of ['MAIL_FROM', 'PUBLIC_URL'])
      if (!env[needed]) faults.push(`${needed}: must be given together with SMTP_URL`);
  if (env['MASTER_KEY'] && env['MASTER_KEY_FILE'])
    faults.push('MASTER_KEY: must not be given together with MASTER_KEY_FILE');
  if (env['TENANT_DATABASE_URL'] && env['TENANT_BIND'] !== 'transaction')
    faults.push('TENANT_DATABASE_URL: needs TENANT_BIND=transaction');
  faults.push(...placementFaults(env), ...storageFaults(env));
  if (
    env['NODE_ENV'] !== 'test' &&
    /^\d+$/.test(env['BCRYPT_COST'] ?? '') &&
    Number(env['BCRYPT_COST']) < BCRYPT_COST_FLOOR
  )
    faults.push(`BCRYPT_COST: must be at least ${BCRYPT_COST_FLOOR}, got "${env['BCRYPT_COST']}"`);
  for (const [given, missing] of [
    ['EMAIL', 'PASSWORD'],
    ['PASSWORD', 'EMAIL'],
  ])
    if (env[`BOOTSTRAP_OPERATOR_${given}`] && !env[`BOOTSTRAP_OPERATOR_${missing}`])
      faults.push(`BOOTSTRAP_OPERATOR_${missing}: must be given together with BOOTSTRAP_OPERATOR_${given}`);
  return faults;
}

function storageFaults(env: Readonly<Record<string, string | undefined>>): string[] {
  const faults: string[] = [];
  for (const name of ['S3_ENDPOINT', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'])
    if (env[name] && !env['S3_BUCKET']) faults.push(`${name}: needs S3_BUCKET`);
  if (!env['S3_ACCESS_KEY_ID'] !== !env['S3_SECRET_ACCESS_KEY'])
    faults.push('S3_ACCESS_KEY_ID: must be given together with S3_SECRET_ACCESS_KEY');
  return faults;
}

function placementFaults(env: Readonly<Record<string, string | undefined>>): string[] {
  const faults: string[] = [];
  const others = env['TENANT_DATABASES'];
  if (env['DATABASE_ENGINE'] === 'citus') {
    if (!env['DATABASE_URL']) faults.push('DATABASE_ENGINE: citus needs DATABASE_URL, the coordinator');
    for (const name of ['TENANT_DATABASES', 'TENANT_DATABASE_URL'])
      if (env[name]) faults.push(`${name}: must not be given together with DATABASE_ENGINE=citus`);
  }
  if (!others) return faults;
  if (env['TENANT_DATABASE_URL'])
    faults.push('TENANT_DATABASES: must not be given together with TENANT_DATABASE_URL');
  const needed = CONNECTIONS_A_DATABASE * (others.split(',').length + 1);
  const size = env['DB_POOL_SIZE'] ?? DEFAULT_POOL_SIZE;
  if (Number(size) < needed)
    faults.push(`DB_POOL_SIZE: must be at least ${needed} for so many databases, got "${size}"`);
  return faults;
}
