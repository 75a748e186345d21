import type { Command } from 'commander';
import { answer, withApplication } from './command-context.js';

interface OperatorOptions {
  email: string;
  name?: string;
  json?: boolean;
}

export function addOperatorCommands(program: Command): void {
  const operator = program.command('operator').description('those who run the installation');
  operator
    .command('create')
    .description('makes an operator, and the link by which they choose a password')
    .requiredOption('--email <address>')
    .option('--name <name>', 'the address when left out')
    .option('--json')
    .action(async ({ email, name, json }: OperatorOptions) => {
      const { OperatorsService } = await import('../platform/auth/accounts/operators.service.js');
      await withApplication(async (app) => {
        await answerLink(json, await app.get(OperatorsService).create(email, name ?? email));
      });
    });
  operator
    .command('link')
    .description('a new link by which an operator chooses a password')
    .requiredOption('--email <address>')
    .option('--json')
    .action(async ({ email, json }: OperatorOptions) => {
      const { OperatorsService } = await import('../platform/auth/accounts/operators.service.js');
      await withApplication(async (app) => {
        await answerLink(json, await app.get(OperatorsService).link(email));
      });
    });
  for (const deed of ['lock', 'unlock'] as const)
    operator
      .command(deed)
      .description(
        deed === 'lock' ? 'shuts an operator out until `unlock`' : 'lets a locked operator in again',
      )
      .requiredOption('--email <address>')
      .option('--json')
      .action(async ({ email, json }: OperatorOptions) => {
        const { OperatorsService } = await import('../platform/auth/accounts/operators.service.js');
        await withApplication(async (app) => {
          await app.get(OperatorsService)[deed](email);
          answer(json, { email, [`${deed}ed`]: true }, [`${email}: ${deed}ed`]);
        });
      });
}

/** Prints the link, good for one use, at the address that the configuration gives. */
export async function answerLink(
  isJson: boolean | undefined,
  invitation: { token: string; expiresAt: Date },
): Promise<void> {
  const { processConfig } = await import('../platform/config/config.module.js');
  const { setupLink } = await import('../serving/first-run.js');
  const { publicUrl, host, port } = processConfig();
  const link = setupLink(publicUrl ?? `http://${host}:${port}`, invitation);
  const until = invitation.expiresAt.toISOString();
  answer(isJson, { link, expiresAt: until }, [link, `good for one use, until ${until}`]);
}
