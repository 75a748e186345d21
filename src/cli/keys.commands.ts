import type { Command } from 'commander';
import { answer, withApplication } from './command-context.js';
import type { KeyRotation } from '../platform/auth/tokens/key-rotation.js';

interface KeysOptions {
  json?: boolean;
}

/** A key as the commands tell of it; no secret. */
interface ToldKey {
  kid: string;
  state: string;
  createdAt: string;
  signsFrom: string;
  /** When it leaves its state; null when not by itself. */
  until: string | null;
}

export function addKeysCommands(program: Command): void {
  const keys = program.command('keys').description('the keys that sign access tokens');
  keys
    .command('status')
    .description('which keys there are; ends with 1 when the next one is missing')
    .option('--json')
    .action(({ json }: KeysOptions) =>
      withKeys(async (rotation) => {
        const told = await toldKeys(rotation);
        answer(json, { keys: told }, told.map(lineOf));
        if (!told.some(({ state }) => state === 'next')) process.exitCode = 1;
      }),
    );
  keys
    .command('rotate')
    .description('lets the next key sign as soon as it was published long enough; ends no session')
    .option('--json')
    .action(({ json }: KeysOptions) =>
      withKeys(async (rotation) => {
        await rotation.rotate();
        const told = await toldKeys(rotation);
        answer(json, { keys: told }, told.map(lineOf));
      }),
    );
}

async function withKeys(work: (rotation: KeyRotation) => Promise<void>): Promise<void> {
  const { KeyRotation } = await import('../platform/auth/tokens/key-rotation.js');
  await withApplication((app) => work(app.get(KeyRotation)));
}

async function toldKeys(rotation: KeyRotation): Promise<ToldKey[]> {
  const schedule = await rotation.schedule();
  return schedule.map(({ key, state, until }) => ({
    kid: key.kid,
    state,
    createdAt: key.createdAt.toISOString(),
    signsFrom: key.signsFrom.toISOString(),
    until: until?.toISOString() ?? null,
  }));
}

const lineOf = ({ kid, state, signsFrom, until }: ToldKey): string =>
  `${state.padEnd(8)} ${kid} signs from ${signsFrom}${until === null ? '' : `, ${state} until ${until}`}`;
