import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const OWNER_ONLY = { recursive: true, mode: 0o700 } as const;
/** No export takes this long, so what is older was left behind by a crash. */
const ABANDONED_AFTER_MS = 24 * 60 * 60_000;

/** Where exports lie while they are made, for the eyes of the server's account alone. */
@Injectable()
export class SpoolFolder implements OnApplicationBootstrap {
  private readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  /** A path in it, for a file or a folder of this name. */
  async place(name: string): Promise<string> {
    await mkdir(this.path, OWNER_ONLY);
    return join(this.path, name);
  }

  async onApplicationBootstrap(): Promise<void> {
    const names = await readdir(this.path).catch(() => []);
    for (const name of names) {
      const path = join(this.path, name);
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
      if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) await rm(path, { recursive: true, force: true });
    }
  }
}
