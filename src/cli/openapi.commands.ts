import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';

export function addOpenApiCommands(program: Command): void {
  program
    .command('openapi')
    .description('the description of the API')
    .command('export')
    .description('writes the OpenAPI document as JSON; needs no database')
    .option('--out <file>', 'standard output when left out')
    .action(async ({ out }: { out?: string }) => {
      const { openApiDocument } = await import('../serving/create-app.js');
      const text = `${JSON.stringify(await openApiDocument(), null, 2)}\n`;
      if (out === undefined) process.stdout.write(text);
      else await writeFile(out, text);
    });
}
