import { createHash } from 'node:crypto';

/** As much as file-type needs to tell the types apart. */
const HEAD_BYTES = 4100;
/** RAR and 7z archives are found wherever they begin, so a picture may hide one anywhere. */
const HIDDEN_ARCHIVES = [Buffer.from('Rar!\x1a\x07', 'latin1'), Buffer.from("7z\xbc\xaf'\x1c", 'latin1')];
const LONGEST_MARK = 6;
const CONTROL = /[^\P{Cc}\t\n\r]/u;

/** What is learned of a file's bytes while they pass. */
export interface StreamFacts {
  sha256: string;
  head: Buffer;
  /** All of it is UTF-8 without control characters. */
  isText: boolean;
  hasHiddenArchive: boolean;
}

/** Looks at the bytes of a file once, in the order they come, without keeping them. */
export class StreamInspector {
  private readonly hash = createHash('sha256');
  private readonly decoder = new TextDecoder('utf-8', { fatal: true });
  private head = Buffer.alloc(0);
  private lastBytes = Buffer.alloc(0);
  private isText = true;
  private hasHiddenArchive = false;

  update(chunk: Buffer): void {
    this.hash.update(chunk);
    if (this.head.length < HEAD_BYTES)
      this.head = Buffer.concat([this.head, chunk.subarray(0, HEAD_BYTES - this.head.length)]);
    this.lookForText(() => this.decoder.decode(chunk, { stream: true }));
    this.lookForArchives(chunk);
  }

  finish(): StreamFacts {
    this.lookForText(() => this.decoder.decode());
    const { head, isText, hasHiddenArchive } = this;
    return { sha256: this.hash.digest('hex'), head, isText, hasHiddenArchive };
  }

  private lookForText(decode: () => string): void {
    if (!this.isText) return;
    try {
      this.isText = !CONTROL.test(decode());
    } catch {
      // Not UTF-8.
      this.isText = false;
    }
  }

  private lookForArchives(chunk: Buffer): void {
    const seam = Buffer.concat([this.lastBytes, chunk.subarray(0, LONGEST_MARK)]);
    if (HIDDEN_ARCHIVES.some((mark) => chunk.includes(mark) || seam.includes(mark)))
      this.hasHiddenArchive = true;
    this.lastBytes = Buffer.concat([this.lastBytes, chunk.subarray(-LONGEST_MARK)]).subarray(-LONGEST_MARK);
  }
}
