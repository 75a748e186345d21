import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig } from '../../src/platform/config/config.js';
import { environmentSchema } from '../../src/platform/config/environment.js';
import { loadMasterKey } from '../../src/platform/config/master-key.js';

const KEY = Buffer.alloc(32, 7).toString('base64');
const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://a:b@db/x',
  MASTER_KEY: KEY,
  SMTP_URL: 'none',
};

function faultsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  it('has a default for everything outside production, and is frozen', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({
      port: 3000,
      host: '127.0.0.1',
      dataDir: '.data',
      rateLimitPerMinute: 60,
      accessTokenSeconds: 600,
      trustProxy: false,
      bcryptCost: 12,
      uploadMaxBytes: 10_485_760,
      corsOrigins: [],
      docsEnabled: true,
    });
    expect(config.uploadTypes).toHaveLength(11);
    expect(
      Object.isFrozen(config) && Object.isFrozen(config.corsOrigins) && Object.isFrozen(config.uploadTypes),
    ).toBe(true);
  });

  it('wants a mail server with a sender and an origin for links, or the word none', () => {
    const given = { MAIL_FROM: 'Acme <no-reply@acme.example>', PUBLIC_URL: 'https://acme.example' };
    expect(loadConfig({ ...given, SMTP_URL: 'smtps://user:pass@mail.example:465' }).mailFrom).toBe(
      given.MAIL_FROM,
    );
    expect(loadConfig({ SMTP_URL: 'none' }).smtpUrl).toBe('none');
    expect(faultsOf(() => loadConfig({ SMTP_URL: 'smtp://mail.example' }))).toEqual([
      'MAIL_FROM: must be given together with SMTP_URL',
      'PUBLIC_URL: must be given together with SMTP_URL',
    ]);
    // A URL may hold a password, so it is not repeated.
    expect(faultsOf(() => loadConfig({ ...given, SMTP_URL: 'http://user:secret@mail.example' }))).toEqual([
      'SMTP_URL: must be `none`, or a URL that begins with smtp:// or smtps://',
    ]);
  });

  it('takes an empty variable for an unset one', () => {
    expect(loadConfig({ PORT: '', DATABASE_URL: '', MASTER_KEY: '' }).port).toBe(3000);
  });

  it('reads what is given', () => {
    const config = loadConfig({
      ...PRODUCTION,
      PORT: '0',
      CORS_ORIGINS: 'https://a.example, http://localhost:5173',
      TRUST_PROXY: '10.0.0.0/8, ::1',
      UPLOAD_TYPES: 'application/pdf',
      BOOTSTRAP_OPERATOR_EMAIL: 'a@b.example',
      BOOTSTRAP_OPERATOR_PASSWORD: 'a long enough secret',
      DOCS_ENABLED: 'false',
    });
    expect(config).toMatchObject({
      port: 0,
      corsOrigins: ['https://a.example', 'http://localhost:5173'],
      trustProxy: ['10.0.0.0/8', '::1'],
      uploadTypes: ['application/pdf'],
      bootstrapOperator: { email: 'a@b.example' },
      docsEnabled: false,
    });
    expect(loadConfig({ TRUST_PROXY: '2' }).trustProxy).toBe(2);
    expect(loadConfig({ TRUST_PROXY: '0' }).trustProxy).toBe(false);
  });

  it('names every fault in a line of its own', () => {
    const faults = faultsOf(() => loadConfig({ PORT: 'abc', LOG_LEVEL: 'loud', NODE_ENV: 'production' }));
    expect(faults).toEqual([
      'PORT: must be a whole number from 0 to 65535, got "abc"',
      'LOG_LEVEL: must be one of fatal, error, warn, info, debug, trace, silent, got "loud"',
      'DATABASE_URL: must be given in production',
      'MASTER_KEY: must be given in production, here or as MASTER_KEY_FILE',
      'SMTP_URL: must be given in production; `none` switches mail off, and with it recovery',
    ]);
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '0x10'],
    ['PORT', '3000.5'],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'https://a.example/'],
    ['CORS_ORIGINS', 'https://a.example,*'],
    ['CORS_ORIGINS', 'null'],
    ['TRUST_PROXY', 'true'],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['TRUST_PROXY', '10.0.0.0/8/8'],
    ['UPLOAD_TYPES', 'text/html'],
    ['DB_POOL_SIZE', '3'],
    ['DB_POOL_SIZE', '101'],
    ['BCRYPT_COST', '11'],
    ['BCRYPT_COST', '16'],
    ['DATABASE_URL', 'mysql://x'],
    ['DATABASE_URL', 'postgres://a:b@/x'],
    ['DATABASE_URL', 'postgres://a:b@/x?host=db'],
    ['MASTER_KEY', 'c2hvcnQ='],
    ['PUBLIC_URL', 'https://a.example/path'],
    ['MAIL_FROM', 'a@b.example\r\nBcc: c@d.example'],
    ['MAIL_FROM', 'a@b.example, c@d.example'],
    ['DOCS_ENABLED', 'yes'],
    ['NODE_ENV', 'staging'],
  ])('refuses %s=%s', (name, value) => {
    const faults = faultsOf(() => loadConfig({ [name]: value }));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${name}: must `));
  });

  it.each([
    'postgres://a:b@db/x',
    'postgresql://a:b@/x?host=/run/postgresql&port=5432&sslmode=disable',
    'postgresql://a:b@/x?port=5432&host=%2Frun%2Fpostgresql',
    'postgresql:///x?user=a&host=/run/postgresql',
  ])('takes DATABASE_URL=%s, as libpq does', (url) => {
    expect(loadConfig({ DATABASE_URL: url }).databaseUrl).toBe(url);
  });

  it('never repeats a secret', () => {
    const env = { MASTER_KEY: 'hunter2', DATABASE_URL: 'hunter2', BOOTSTRAP_OPERATOR_PASSWORD: 'hunter2' };
    expect(faultsOf(() => loadConfig(env)).join()).not.toContain('hunter2');
  });

  it('wants the first operator whole, and one master key', () => {
    expect(faultsOf(() => loadConfig({ BOOTSTRAP_OPERATOR_EMAIL: 'a@b.example' }))).toEqual([
      'BOOTSTRAP_OPERATOR_PASSWORD: must be given together with BOOTSTRAP_OPERATOR_EMAIL',
    ]);
    expect(faultsOf(() => loadConfig({ MASTER_KEY: KEY, MASTER_KEY_FILE: '/x' }))).toHaveLength(1);
  });

  it('lets tests hash cheaply, and nobody else', () => {
    expect(loadConfig({ NODE_ENV: 'test', BCRYPT_COST: '4' }).bcryptCost).toBe(4);
    expect(faultsOf(() => loadConfig({ ...PRODUCTION, BCRYPT_COST: '4' }))).toHaveLength(1);
  });

  it('has the variables that .env.example explains', () => {
    const example = readFileSync(join(__dirname, '../../.env.example'), 'utf8');
    const lines = [...example.matchAll(/^([A-Z0-9_]+)=(.*)$/gm)];
    expect(lines.map(([, name]) => name).sort()).toEqual(Object.keys(environmentSchema.shape).sort());
    const env = Object.fromEntries(lines.map(([, name = '', value]) => [name, value]));
    expect(loadConfig(env)).toEqual(loadConfig({}));
  });
});

describe('the master key', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'master-key-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is the one that is given', () => {
    expect(loadMasterKey(loadConfig({ MASTER_KEY: KEY }))).toEqual(Buffer.alloc(32, 7));
  });

  it('is made once outside production, for the owner alone', () => {
    const config = loadConfig({ DATA_DIR: join(folder, 'new') });
    const first = loadMasterKey(config);
    expect(first).toHaveLength(32);
    expect(loadMasterKey(config)).toEqual(first);
    expect(statSync(join(folder, 'new', 'master.key')).mode & 0o777).toBe(0o600);
  });

  it('is refused from a file that others may read, that is none, or that holds something else', () => {
    const file = join(folder, 'key');
    const config = loadConfig({ MASTER_KEY_FILE: file });
    expect(faultsOf(() => loadMasterKey(config))[0]).toContain('cannot be read');
    writeFileSync(file, 'short', { mode: 0o600 });
    expect(faultsOf(() => loadMasterKey(config))[0]).toContain('base64 of exactly 32 bytes');
    writeFileSync(file, `${KEY}\n`);
    expect(loadMasterKey(config)).toEqual(Buffer.alloc(32, 7));
    chmodSync(file, 0o640);
    expect(faultsOf(() => loadMasterKey(config))[0]).toContain('owner alone');
  });
});
