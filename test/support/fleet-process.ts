import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Fleet } from './fleet.js';

const PROGRAM = `
  const from = (path) => require(${JSON.stringify(resolve('dist'))} + '/' + path);
  from('src/platform/tenancy/registry/tenant.entity.js');
  const { OwnerDatabase } = from('src/platform/tenancy/owner/owner-database.js');
  const { Registry } = from('src/platform/tenancy/registry/registry.js');
  const { FleetRegistry } = from('src/platform/tenancy/fleet/fleet-registry.js');
  const { FleetMigrator } = from('src/platform/tenancy/fleet/fleet-migrator.js');
  const migrationOf = ({ name, statements }) => {
    const migration = class { async up(runner) { for (const sql of statements) await runner.query(sql); } };
    Object.defineProperty(migration, 'name', { value: name });
    return migration;
  };
  process.once('message', async ({ connection, masterKey, steps }) => {
    const owner = await OwnerDatabase.open({
      connection,
      masterKey: Buffer.from(masterKey, 'base64'),
      registryMigrations: from('migrations/platform/all.js').registryMigrations,
      tenantMigrations: [...from('migrations/tenant/all.js').tenantMigrations, ...steps.map(migrationOf)],
    });
    const limits = { statementMs: 5000, lockMs: 2000, idleInTransactionMs: 5000 };
    const registry = await new Registry(owner.login(owner.roles.registry, limits)).initialize();
    await new FleetMigrator(new FleetRegistry(registry, owner), owner).migrate({
      onOutcome: (outcome) => process.send(outcome),
    });
    process.disconnect();
  });
`;

/** Runs the migrator in a process of its own, and kills that when so many tenants are done and others under way. */
export async function killMigratorAfter(tenants: number, fleet: Fleet): Promise<void> {
  const child = spawn(process.execPath, ['-e', PROGRAM], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  let told = 0;
  child.on('message', () => {
    if (++told === tenants) child.kill('SIGKILL');
  });
  const { connection, steps } = fleet;
  child.send({ connection, masterKey: fleet.masterKey.toString('base64'), steps });
  await once(child, 'exit');
}
