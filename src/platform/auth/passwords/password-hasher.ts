import { createHmac } from 'node:crypto';
import { resolve } from 'node:path';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { getRounds } from 'bcryptjs';
import { Piscina } from 'piscina';
import { UnavailableError } from '../../../kernel/errors.js';
import { CONFIG, MASTER_KEY } from '../../config/config.module.js';
import type { Config } from '../../config/config.js';
import { derivedKey } from '../../protection/sealing.js';

/** Two hashes at once keep two cores busy; more only make each slower. */
const THREADS = 2;
/** At about a quarter of a second each, the last of them waits for some eight seconds. */
const MAX_QUEUE = 64;
/** Salt and digest of zeros: well-formed, so that it costs as much as a real hash, and no password's. */
const NOBODYS_SALT_AND_DIGEST = '.'.repeat(53);

/**
 * Hashes passwords with bcrypt in worker threads, few at a time. What bcrypt gets is an HMAC of the whole password
 * under a key of this installation: all characters count, and a stolen table alone cannot be guessed at.
 */
@Injectable()
export class PasswordHasher implements OnApplicationShutdown {
  private readonly pepper: Uint8Array;
  private readonly cost: number;
  private readonly nobodysHash: string;
  private readonly workers = new Piscina({
    filename: resolve(__dirname, 'password.worker.js'),
    minThreads: 0,
    maxThreads: THREADS,
    maxQueue: MAX_QUEUE,
    idleTimeout: 60_000,
  });

  constructor(@Inject(CONFIG) config: Config, @Inject(MASTER_KEY) masterKey: Buffer) {
    this.pepper = derivedKey(masterKey, 'ringfence/password-pepper');
    this.cost = config.bcryptCost;
    this.nobodysHash = `$2b$${String(this.cost).padStart(2, '0')}$${NOBODYS_SALT_AND_DIGEST}`;
  }

  /** Throws UnavailableError when too many wait already. */
  async hash(password: string): Promise<string> {
    return this.run<string>('hash', { digest: this.digestOf(password), cost: this.cost });
  }

  /**
   * Whether the hash is this password's. Null, for an account that does not exist or has no password, takes as long
   * and is false. Throws UnavailableError when too many wait already.
   */
  async verify(password: string, hash: string | null): Promise<boolean> {
    return this.run<boolean>('verify', { digest: this.digestOf(password), hash: hash ?? this.nobodysHash });
  }

  /** Whether the hash was made at a lower cost than new ones are. */
  isOutdated(hash: string): boolean {
    return getRounds(hash) < this.cost;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.workers.destroy();
  }

  private digestOf(password: string): string {
    return createHmac('sha256', this.pepper).update(password.normalize('NFC')).digest('base64');
  }

  private async run<T>(name: 'hash' | 'verify', task: object): Promise<T> {
    if (this.workers.queueSize >= MAX_QUEUE) throw new UnavailableError();
    return (await this.workers.run(task, { name })) as T;
  }
}
