import type { ByteSource } from '../file-storage.js';

const WINDOW_BYTES = 64 * 1024;

/** A source that answers many small reads which go forward from few large ones. */
export class BufferedSource implements ByteSource {
  readonly size: number;
  private window: Buffer = Buffer.alloc(0);
  private windowAt = 0;

  constructor(private readonly source: ByteSource) {
    this.size = source.size;
  }

  async readAt(position: number, length: number): Promise<Buffer> {
    const isInside = position >= this.windowAt && position + length <= this.windowAt + this.window.length;
    if (!isInside) {
      this.window = await this.source.readAt(position, Math.max(length, WINDOW_BYTES));
      this.windowAt = position;
    }
    return this.window.subarray(position - this.windowAt, position - this.windowAt + length);
  }
}
