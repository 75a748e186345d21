import { KeyRotation } from '../../src/platform/auth/tokens/key-rotation.js';
import type { KeyState } from '../../src/platform/auth/tokens/key-schedule.js';
import { KeyWrapping } from '../../src/platform/auth/tokens/key-wrapping.js';
import { SigningKeysRepository } from '../../src/platform/auth/tokens/signing-keys.repository.js';
import { Changes } from '../../src/platform/tenancy/changes/changes.js';
import { Registry } from '../../src/platform/tenancy/registry/registry.js';
import { asOwner, sharedDatabase } from './database.js';
import { openEngine } from './engine.js';

const LIMITS = { statementMs: 5000, lockMs: 5000, idleInTransactionMs: 5000 };
const ROTATION_DAYS = 90;

/** What a further node of the shared server would do with its keys. */
export interface KeyKeeper {
  rotate(): Promise<void>;
  kidsOf(state: KeyState): Promise<string[]>;
  /** When the next key takes over, in milliseconds from now. */
  nextIn(): Promise<number>;
  /** As if the next key had been published an hour ago. */
  age(): Promise<void>;
  end(): Promise<void>;
}

export async function openKeyKeeper(): Promise<KeyKeeper> {
  const engine = await openEngine();
  const registry = new Registry(engine.owner.login(engine.owner.roles.registry, LIMITS));
  await registry.initialize();
  const { masterKey } = await sharedDatabase();
  const repository = new SigningKeysRepository(registry, new Changes());
  const rotation = new KeyRotation(repository, new KeyWrapping(masterKey), ROTATION_DAYS);
  return {
    async rotate() {
      await rotation.rotate();
    },
    async kidsOf(wanted) {
      const schedule = await rotation.schedule();
      return schedule.filter(({ state }) => state === wanted).map(({ key }) => key.kid);
    },
    async nextIn() {
      const next = (await rotation.schedule()).find(({ state }) => state === 'next');
      return next!.key.signsFrom.getTime() - Date.now();
    },
    async age() {
      await asOwner(
        `UPDATE platform.signing_key SET created_at = created_at - interval '1 hour' WHERE signs_from > now()`,
      );
    },
    async end() {
      await registry.destroy();
      await engine.end();
    },
  };
}
