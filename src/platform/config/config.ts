import type { z } from 'zod';
import { environmentSchema, relationFaults } from './environment.js';

/** Everything the environment decides, checked and frozen. `environment.ts` says what each variable means. */
export interface Config {
  nodeEnv: 'development' | 'test' | 'production';
  host: string;
  /** 0 lets the system choose a free port. */
  port: number;
  dataDir: string;
  /** Undefined: the embedded PostgreSQL is used. */
  databaseUrl: string | undefined;
  databaseEngine: 'postgres' | 'citus';
  corsOrigins: readonly string[];
  /** Express's `trust proxy`: false, a number of hops, or the addresses of the proxies. */
  trustProxy: false | number | readonly string[];
  /** 0 switches the limit off. */
  rateLimitPerMinute: number;
  /** 0 switches the limit off. */
  loginRateLimitPerMinute: number;
  accessTokenSeconds: number;
  refreshTokenSeconds: number;
  sessionIdleSeconds: number;
  /** How long a key signs access tokens before the next one does. */
  signingKeyRotationDays: number;
  uploadMaxBytes: number;
  uploadTypes: readonly string[];
  /** Where contents of files are kept; undefined: in `<dataDir>/files`. */
  s3:
    | {
        readonly bucket: string;
        readonly region: string;
        /** Undefined: Amazon's. */
        readonly endpoint: string | undefined;
        /** Undefined: as the machine's role or environment gives them. */
        readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
      }
    | undefined;
  /** The virus scanner, and what happens with uploads while it is away; undefined: there is none. */
  clamav: { readonly url: string; readonly whenAway: 'pending' | 'refuse' } | undefined;
  /** Of the disk with DATA_DIR; uploads are refused before less is free. */
  storageMinFreeBytes: number;
  /** What a tenant may use at most, unless its own policy says otherwise. */
  tenantPolicy: {
    readonly concurrentRequests: number;
    readonly requestsPerMinute: number;
    readonly storageBytes: number;
    readonly users: number;
    readonly vendors: number;
    readonly agents: number;
  };
  dbPoolSize: number;
  dbConnectTimeoutMs: number;
  dbQueryTimeoutMs: number;
  dbLockTimeoutMs: number;
  dbIdleTransactionTimeoutMs: number;
  dbTransactionTimeoutMs: number;
  dbConnectionMaxUses: number;
  dbConnectionMaxAgeSeconds: number;
  /** The owner's URL of each further database on which tenants may live, by name. */
  tenantDatabases: Readonly<Record<string, string>>;
  /** Statements that a tenant connection keeps prepared at most; 0 switches it off. */
  dbNamedStatements: number;
  tenantBind: 'role' | 'transaction' | 'set_user';
  /** Host and port of a pooler for the server's own logins; undefined: as the owner connects. */
  tenantDatabaseUrl: string | undefined;
  /** How long audit logs are kept; 0 is for ever. */
  auditRetentionDays: number;
  /** Where signed statements of how far the logs have come are added; `-` is standard output; undefined: nowhere. */
  auditCheckpointFile: string | undefined;
  logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  bcryptCost: number;
  passwordMinLength: number;
  /** Base64 of 32 bytes; read it through `loadMasterKey`. */
  masterKey: string | undefined;
  masterKeyFile: string | undefined;
  /** Origin under which callers reach the service, without a trailing slash; undefined: derived from host and port. */
  publicUrl: string | undefined;
  /** `none`: no mail is sent; undefined: mails become files in `<dataDir>/mail`. */
  smtpUrl: string | undefined;
  /** Sender of all mails. */
  mailFrom: string | undefined;
  docsEnabled: boolean;
  bootstrapOperator: { readonly email: string; readonly password: string } | undefined;
}

/** The environment is not acceptable; `faults` holds one line each, naming the variable. */
export class ConfigError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
    this.name = 'ConfigError';
  }
}

function s3Of(values: z.infer<typeof environmentSchema>): Config['s3'] {
  const { S3_BUCKET: bucket, S3_REGION: region, S3_ENDPOINT: endpoint } = values;
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = values;
  if (bucket === undefined) return undefined;
  const isGiven = accessKeyId !== undefined && secretAccessKey !== undefined;
  return { bucket, region, endpoint, credentials: isGiven ? { accessKeyId, secretAccessKey } : undefined };
}

/** Reads the given environment once. Throws a ConfigError that lists every fault, not the first alone. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  // An empty variable counts as unset: compose files and CI systems cannot leave one out.
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = environmentSchema.safeParse(given);
  const faults = [
    ...(parsed.error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`),
    ...relationFaults(given),
  ];
  if (!parsed.success || faults.length > 0) throw new ConfigError(faults);
  const values = parsed.data;
  return deepFreeze({
    nodeEnv: values.NODE_ENV,
    host: values.HOST,
    port: values.PORT,
    dataDir: values.DATA_DIR,
    databaseUrl: values.DATABASE_URL,
    databaseEngine: values.DATABASE_ENGINE,
    corsOrigins: values.CORS_ORIGINS,
    trustProxy: values.TRUST_PROXY,
    rateLimitPerMinute: values.RATE_LIMIT_PER_MINUTE,
    loginRateLimitPerMinute: values.LOGIN_RATE_LIMIT_PER_MINUTE,
    accessTokenSeconds: values.ACCESS_TOKEN_SECONDS,
    refreshTokenSeconds: values.REFRESH_TOKEN_SECONDS,
    sessionIdleSeconds: values.SESSION_IDLE_SECONDS,
    signingKeyRotationDays: values.SIGNING_KEY_ROTATION_DAYS,
    uploadMaxBytes: values.UPLOAD_MAX_BYTES,
    uploadTypes: values.UPLOAD_TYPES,
    s3: s3Of(values),
    clamav: values.CLAMAV_URL ? { url: values.CLAMAV_URL, whenAway: values.CLAMAV_WHEN_AWAY } : undefined,
    storageMinFreeBytes: values.STORAGE_MIN_FREE_BYTES,
    tenantPolicy: {
      concurrentRequests: values.TENANT_CONCURRENT_REQUESTS,
      requestsPerMinute: values.TENANT_REQUESTS_PER_MINUTE,
      storageBytes: values.TENANT_STORAGE_BYTES,
      users: values.TENANT_USERS,
      vendors: values.TENANT_VENDORS,
      agents: values.TENANT_AGENTS,
    },
    dbPoolSize: values.DB_POOL_SIZE,
    dbConnectTimeoutMs: values.DB_CONNECT_TIMEOUT_MS,
    dbQueryTimeoutMs: values.DB_QUERY_TIMEOUT_MS,
    dbLockTimeoutMs: values.DB_LOCK_TIMEOUT_MS,
    dbIdleTransactionTimeoutMs: values.DB_IDLE_TRANSACTION_TIMEOUT_MS,
    dbTransactionTimeoutMs: values.DB_TRANSACTION_TIMEOUT_MS,
    dbConnectionMaxUses: values.DB_CONNECTION_MAX_USES,
    dbConnectionMaxAgeSeconds: values.DB_CONNECTION_MAX_AGE_SECONDS,
    tenantDatabases: values.TENANT_DATABASES,
    dbNamedStatements: values.DB_NAMED_STATEMENTS,
    tenantBind: values.TENANT_BIND,
    tenantDatabaseUrl: values.TENANT_DATABASE_URL,
    auditRetentionDays: values.AUDIT_RETENTION_DAYS,
    auditCheckpointFile: values.AUDIT_CHECKPOINT_FILE,
    logLevel: values.LOG_LEVEL,
    bcryptCost: values.BCRYPT_COST,
    passwordMinLength: values.PASSWORD_MIN_LENGTH,
    masterKey: values.MASTER_KEY,
    masterKeyFile: values.MASTER_KEY_FILE,
    publicUrl: values.PUBLIC_URL,
    smtpUrl: values.SMTP_URL,
    mailFrom: values.MAIL_FROM,
    docsEnabled: values.DOCS_ENABLED,
    bootstrapOperator:
      values.BOOTSTRAP_OPERATOR_EMAIL !== undefined && values.BOOTSTRAP_OPERATOR_PASSWORD !== undefined
        ? { email: values.BOOTSTRAP_OPERATOR_EMAIL, password: values.BOOTSTRAP_OPERATOR_PASSWORD }
        : undefined,
  });
}

function deepFreeze(config: Config): Config {
  for (const value of Object.values(config)) Object.freeze(value);
  return Object.freeze(config);
}
