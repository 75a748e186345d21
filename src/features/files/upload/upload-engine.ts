import type { Request } from 'express';
import type { StorageEngine } from 'multer';
import { InvalidError, UnsupportedTypeError } from '../../../kernel/errors.js';
import type { FileKey, FileStorage, IncomingFile } from '../file-storage.js';
import { displayName, extensionOf } from './file-name.js';
import { agrees, kindByExtension } from '../recognition/file-kinds.js';
import { recognise } from '../recognition/media-type.js';
import type { ReceivedFile } from './received-file.js';
import { StreamInspector, type StreamFacts } from '../recognition/stream-inspector.js';

type Part = Pick<Express.Multer.File, 'originalname' | 'mimetype' | 'stream'>;
type Callback = (error: unknown, info?: object) => void;

/** What multer hands on: the part's file, and what the engine found. */
export type ReceivedPart = Express.Multer.File & { received: ReceivedFile };

/**
 * Where multer puts a file: streams it into the file storage and judges it. Runs outside the request's context (it is
 * called by the parser's events), so the place for the file is told by the request: what it stores is nobody's yet.
 */
export class UploadEngine implements StorageEngine {
  constructor(
    private readonly storage: FileStorage,
    private readonly acceptedTypes: readonly string[],
    private readonly hasDeclaredType: (request: Request) => boolean,
    private readonly keyOf: (request: Request) => FileKey,
  ) {}

  _handleFile(request: Request, part: Express.Multer.File, callback: Callback): void {
    const declared = this.hasDeclaredType(request) ? part.mimetype.toLowerCase() : undefined;
    this.receive(part, declared, this.keyOf(request)).then(
      (received) => callback(null, { received }),
      (error: unknown) => callback(error),
    );
  }

  _removeFile(_request: Request, part: Express.Multer.File, callback: (error: Error | null) => void): void {
    (part as ReceivedPart).received.incoming.discard().then(() => callback(null), callback);
  }

  private async receive(part: Part, declared: string | undefined, key: FileKey): Promise<ReceivedFile> {
    const name = displayName(part.originalname);
    const incoming = await this.storage.receive(key);
    try {
      const inspector = new StreamInspector();
      for await (const chunk of part.stream as AsyncIterable<Buffer>) {
        inspector.update(chunk);
        await incoming.write(chunk);
      }
      await incoming.end();
      const facts = inspector.finish();
      const mediaType = await this.judge(incoming, facts, name, declared);
      return { name, mediaType, sha256: facts.sha256, incoming };
    } catch (error) {
      await incoming.discard();
      throw error;
    }
  }

  /** The type that the bytes, the name and the sender's declaration agree on. */
  private async judge(
    incoming: IncomingFile,
    facts: StreamFacts,
    name: string,
    declared: string | undefined,
  ): Promise<string> {
    if (incoming.size === 0) throw InvalidError.field('/file', 'empty', 'The file must not be empty.');
    const kind = kindByExtension(extensionOf(name), this.acceptedTypes);
    if (!kind) throw new UnsupportedTypeError('Files with this extension are not accepted.');
    if (!agrees(kind, declared))
      throw new UnsupportedTypeError('The declared type of the file disagrees with its extension.');
    const recognised = await recognise(incoming, facts);
    const isSame = recognised === (kind.mediaType === 'text/csv' ? 'text/plain' : kind.mediaType);
    if (!isSame)
      throw new UnsupportedTypeError(
        'The content of the file is not what its extension says, or not that alone.',
      );
    return kind.mediaType;
  }
}
