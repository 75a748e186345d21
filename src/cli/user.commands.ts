import type { Command } from 'commander';
import { answer, withApplication } from './command-context.js';
import { answerLink } from './operator.commands.js';

interface LinkOptions {
  tenant: string;
  email: string;
  json?: boolean;
}

export function addUserCommands(program: Command): void {
  const user = program.command('user').description("a tenant's users");
  user
    .command('link')
    .description('a new link by which a user chooses a password')
    .requiredOption('--tenant <slug>')
    .requiredOption('--email <address>')
    .option('--json')
    .action(async ({ tenant, email, json }: LinkOptions) => {
      const { UserAccessService } = await import('../platform/auth/accounts/user-access.service.js');
      await withApplication(async (app) => {
        await answerLink(json, await app.get(UserAccessService).link(tenant, email));
      });
    });
  const DEEDS = [
    ['invite', 'mails a user the link by which they choose a password', 'invited'],
    ['lock', 'shuts a user out until `unlock`, and ends their sessions', 'locked'],
    ['unlock', 'lets a user in again, whoever or whatever locked them', 'unlocked'],
  ] as const;
  for (const [deed, description, done] of DEEDS)
    user
      .command(deed)
      .description(description)
      .requiredOption('--tenant <slug>')
      .requiredOption('--email <address>')
      .option('--json')
      .action(async ({ tenant, email, json }: LinkOptions) => {
        const { UserAccessService } = await import('../platform/auth/accounts/user-access.service.js');
        await withApplication(async (app) => {
          await app.get(UserAccessService)[deed](tenant, email);
          answer(json, { email, [done]: true }, [`${email}: ${done}`]);
        });
      });
}
