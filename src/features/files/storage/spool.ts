import { randomUUID } from 'node:crypto';
import { mkdir, statfs } from 'node:fs/promises';
import { resolve } from 'node:path';
import { OutOfStorageError } from '../../../kernel/errors.js';
import { OWNER_ONLY_FOLDER, removeOlder } from './local-folder.js';

const INCOMING = '.incoming';
/** How much is written between two looks at the disk, by all uploads together. */
const LOOK_EVERY_BYTES = 8 * 1024 * 1024;

/** Where uploads lie until they were judged; keeps the disk from filling up. */
export class Spool {
  private readonly folder: string;
  private unseenBytes = LOOK_EVERY_BYTES;

  /** `minFreeBytes` of the disk are left for others: the database, the logs. */
  constructor(
    folder: string,
    private readonly minFreeBytes: number,
  ) {
    this.folder = resolve(folder, INCOMING);
  }

  /** The path of a file that does not exist yet. Throws OutOfStorageError when the disk is as full as it may be. */
  async place(): Promise<string> {
    await mkdir(this.folder, OWNER_ONLY_FOLDER);
    this.unseenBytes = LOOK_EVERY_BYTES;
    await this.assertRoom(0);
    return resolve(this.folder, randomUUID());
  }

  /** To be asked before so much is written. Throws OutOfStorageError. */
  async assertRoom(bytes: number): Promise<void> {
    this.unseenBytes += bytes;
    if (this.unseenBytes < LOOK_EVERY_BYTES) return;
    this.unseenBytes = 0;
    const { bavail, bsize } = await statfs(this.folder);
    if (bavail * bsize - LOOK_EVERY_BYTES < this.minFreeBytes) {
      this.unseenBytes = LOOK_EVERY_BYTES;
      throw new OutOfStorageError();
    }
  }

  /** Removes what uploads begun before the time given left behind. */
  removeLeftovers(writtenBefore: Date): Promise<void> {
    return removeOlder(this.folder, writtenBefore);
  }
}
