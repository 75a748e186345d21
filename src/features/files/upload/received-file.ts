import type { IncomingFile } from '../file-storage.js';

/** An upload that was found acceptable, but is nobody's yet. */
export interface ReceivedFile {
  name: string;
  mediaType: string;
  /** In lower-case hexadecimal digits. */
  sha256: string;
  incoming: IncomingFile;
}
