import type { Command } from 'commander';
import { answer, withApplication } from './command-context.js';

interface TokenOptions {
  tenant: string;
  email?: string;
  json?: boolean;
}

export function addTokenCommand(program: Command): void {
  program
    .command('token')
    .description('a short-lived access token, for curl')
    .requiredOption('--tenant <slug>')
    .option('--email <address>', "of the user; the tenant's first administrator when left out")
    .option('--json')
    .action(async ({ tenant, email, json }: TokenOptions) => {
      const { UserAccessService } = await import('../platform/auth/accounts/user-access.service.js');
      await withApplication(async (app) => {
        const { accessToken, expiresIn } = await app.get(UserAccessService).token(tenant, email);
        answer(json, { accessToken, expiresIn }, [accessToken]);
      });
    });
}
