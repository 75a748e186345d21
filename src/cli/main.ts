import { Command, CommanderError } from 'commander';
import { addKeysCommands } from './keys.commands.js';
import { addAuditCommands } from './audit.commands.js';
import { addDatabaseCommands } from './database.commands.js';
import { addOpenApiCommands } from './openapi.commands.js';
import { addOperatorCommands } from './operator.commands.js';
import { addTenantCommands } from './tenant.commands.js';
import { addTokenCommand } from './token.command.js';
import { addUserCommands } from './user.commands.js';

const USAGE = 2;

/** The command line: `ringfence <noun> <verb>`. Ends with 0, with 1 when the command failed, or with 2 for wrong usage. */
export async function run(argv: string[]): Promise<void> {
  const program = new Command('ringfence')
    .description('Runs and administers a Ringfence installation')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true });
  program
    .command('serve')
    .description('starts the service')
    .option('--demo', 'with a tenant `demo` full of sample data')
    .action(async ({ demo }: { demo?: boolean }) => {
      const { serve } = await import('../serving/serve.js');
      await serve({ demo: demo ?? false });
    });
  addOperatorCommands(program);
  addDatabaseCommands(program);
  addTenantCommands(program);
  addUserCommands(program);
  addTokenCommand(program);
  addKeysCommands(program);
  addAuditCommands(program);
  addOpenApiCommands(program);

  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : USAGE);
    const { fail } = await import('../serving/failure.js');
    fail(error);
  }
}
