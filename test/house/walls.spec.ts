import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');
const CRUISER = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

interface Cruise {
  modules: { source: string }[];
  summary: { violations: { rule: { name: string }; from: string; to: string }[] };
}

/** Cruises the folders below `cwd` by the rules of the house. */
function cruise(cwd: string, folders: string[]): Promise<Cruise> {
  const args = [
    CRUISER,
    '--config',
    join(ROOT, '.dependency-cruiser.cjs'),
    '--output-type',
    'json',
    ...folders,
  ];
  return new Promise((done, failed) => {
    // It exits with the number of violations, so only output that cannot be read is a failure.
    execFile(process.execPath, args, { cwd, maxBuffer: MAX_OUTPUT_BYTES }, (_error, stdout, stderr) => {
      try {
        done(JSON.parse(stdout) as Cruise);
      } catch (error) {
        failed(new Error(`the cruise did not answer: ${stderr}`, { cause: error }));
      }
    });
  });
}

const typescriptFiles = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`);

describe('the walls between the rooms', () => {
  it('hold, and the cruise has seen every file', async () => {
    const { modules, summary } = await cruise(ROOT, ['src', 'migrations', 'ormconfig.ts']);
    const seen = new Set(modules.map(({ source }) => source));
    const expected = [...typescriptFiles('src'), ...typescriptFiles('migrations')];

    expect(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
    expect(expected.length).toBeGreaterThan(20);
    expect(modules.length).toBeGreaterThanOrEqual(expected.length);
    expect(expected.filter((file) => !seen.has(file))).toEqual([]);
  });

  describe('when breached', () => {
    /** Each: a rule, the file that breaks it, what that file imports. */
    const BREACHES: readonly [rule: string, file: string, target: string][] = [
      ['walls-of-kernel', 'src/kernel/actor.ts', '../platform/config/config.js'],
      ['kernel-imports-nothing', 'src/kernel/page.ts', 'node:fs'],
      ['walls-of-platform-config', 'src/platform/config/config.module.ts', '../http/route.js'],
      ['config-needs-a-validator-only', 'src/platform/config/config.spy.ts', 'typeorm'],
      ['walls-of-platform-http', 'src/platform/http/problem.ts', '../tenancy/tenant-pool.js'],
      ['walls-of-platform-tenancy', 'src/platform/tenancy/tenant.repository.ts', '../auth/password.js'],
      ['walls-of-platform-access', 'src/platform/access/ownership.guard.ts', '../tenancy/tenant-pool.js'],
      ['walls-of-features-vendors', 'src/features/vendors/vendors.service.ts', '../agents/agents.service.js'],
      [
        'walls-of-features-vendors',
        'src/features/vendors/vendors.module.ts',
        '../../platform/tenancy/binding/tenant-pool.js',
      ],
      [
        'walls-of-features-agents',
        'src/features/agents/agents.service.ts',
        '../vendors/vendors.repository.js',
      ],
      ['walls-of-features-agents', 'src/features/agents/agents.module.ts', '../files/files.service.js'],
      ['order-of-entity', 'src/features/vendors/vendor.entity.ts', './vendors.service.js'],
      ['no-circular', 'src/features/vendors/first.ts', './second.js'],
      ['typeorm-behind-the-door', 'src/features/vendors/vendors.controller.ts', 'typeorm'],
      ['pg-in-the-database-rooms', 'src/features/files/files.service.ts', 'pg'],
      ['no-room-outside-the-plan', 'src/app.module.ts', './features/contracts/contracts.service.js'],
      ['nothing-imports-the-composition', 'src/platform/docs/docs.controller.ts', '../../app.module.js'],
      ['migrations-stand-alone', 'migrations/tenant/all.ts', '../../src/kernel/page.js'],
      ['no-index', 'src/platform/auth/auth.module.ts', './index.js'],
      ['no-drawers', 'src/platform/users/users.service.ts', './utils.js'],
      ['src-knows-no-test', 'src/main.ts', '../test/support/world.js'],
      ['no-dev-dependency-at-run-time', 'src/platform/auth/tokens.ts', 'supertest'],
      ['everything-resolves', 'src/platform/auth/missing.ts', './nowhere.js'],
    ];
    let folder: string;
    let found: Set<string>;

    const plant = (file: string, text: string): void => {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text, { flag: 'a' });
    };

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'ringfence-walls-'));
      symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
      symlinkSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
      for (const [, file, target] of BREACHES) {
        plant(file, `import type { A } from '${target}';\nimport { b } from '${target}';\n`);
        const meant = join(dirname(file), target).replace(/\.js$/, '.ts');
        if (target.startsWith('.') && !target.includes('nowhere')) plant(meant, 'export const a = 1;\n');
      }
      plant('src/features/vendors/second.ts', "import type { A } from './first.js';\n");
      const { summary } = await cruise(folder, ['src', 'migrations']);
      found = new Set(summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`));
    });

    afterAll(() => {
      rmSync(folder, { recursive: true, force: true });
    });

    it.each(BREACHES)('say %s when %s imports %s', (rule, file) => {
      expect([...found]).toContain(`${rule}: ${file}`);
    });
  });
});
