import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  paginateListObjectsV2,
  ListMultipartUploadsCommand,
  S3Client,
  type GetObjectCommandOutput,
  type ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { UnavailableError } from '../../../kernel/errors.js';
import type { FileKey } from '../file-storage.js';
import { HEAD_BYTES, idOf, isUuid, ObjectStore, type StoredObject } from './object-store.js';

export interface S3Options {
  bucket: string;
  region: string;
  /** Of a server that is not Amazon's; buckets are then told by the path. */
  endpoint?: string | undefined;
  /** Undefined: as the SDK finds them, in the environment or the machine's role. */
  credentials?: { accessKeyId: string; secretAccessKey: string } | undefined;
}

const TENANTS = 'tenants/';
const HELD = 'held/';
/** The smallest that S3 allows: an upload holds one part in memory, and a second while it is filled. */
const PART_BYTES = 5 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 5000;
const SILENCE_TIMEOUT_MS = 30_000;
/** The time of a held copy is that of its making; no export takes so much longer than the others' hour. */
const HELD_FOR_MS = 24 * 60 * 60_000;
const NOT_THERE = new Set(['NoSuchKey', 'NotFound']);

/** Objects in a bucket of S3, or of what speaks its protocol: `tenants/<tenant id>/<file id>`. */
export class S3ObjectStore extends ObjectStore {
  private readonly client: S3Client;
  private readonly bucket: string;

  constructor({ bucket, region, endpoint, credentials }: S3Options) {
    super();
    this.bucket = bucket;
    this.client = new S3Client({
      region,
      ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
      ...(credentials && { credentials: { ...credentials } }),
      // Others than Amazon know the newer checksums in part; what is stored is authenticated by its encryption.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SILENCE_TIMEOUT_MS },
    });
  }

  /** In parts; they are removed when one fails. */
  async put(path: string, key: FileKey): Promise<void> {
    const body = createReadStream(path);
    const upload = new Upload({
      client: this.client,
      params: { Bucket: this.bucket, Key: nameOf(key), Body: body },
      partSize: PART_BYTES,
      queueSize: 1,
      leavePartsOnError: false,
    });
    try {
      await asked(() => upload.done());
    } finally {
      body.destroy();
    }
  }

  open(key: FileKey): Promise<StoredObject | undefined> {
    return this.openNamed(nameOf(key));
  }

  /** A copy, made by the server. */
  async hold(key: FileKey, holder: string): Promise<boolean> {
    const copy = new CopyObjectCommand({
      Bucket: this.bucket,
      CopySource: `${this.bucket}/${nameOf(key)}`,
      Key: heldName(key.fileId, holder),
    });
    return (await unlessMissing(() => this.client.send(copy))) !== undefined;
  }

  openHeld({ fileId }: FileKey, holder: string): Promise<StoredObject | undefined> {
    return this.openNamed(heldName(fileId, holder));
  }

  release(holder: string): Promise<void> {
    return this.removeAll(`${HELD}${idOf('holder', holder)}/`);
  }

  async remove(key: FileKey): Promise<void> {
    const command = new DeleteObjectCommand({ Bucket: this.bucket, Key: nameOf(key) });
    await asked(() => this.client.send(command));
  }

  removeTenant(tenantId: string): Promise<void> {
    return this.removeAll(folderOf(tenantId));
  }

  async tenantIds(): Promise<string[]> {
    const ids: string[] = [];
    for await (const { CommonPrefixes = [] } of this.pages(TENANTS, '/'))
      for (const { Prefix = '' } of CommonPrefixes) ids.push(Prefix.slice(TENANTS.length, -1));
    return ids.filter(isUuid);
  }

  async fileIds(tenantId: string, writtenBefore: Date): Promise<string[]> {
    const folder = folderOf(tenantId);
    const ids: string[] = [];
    for await (const { Contents = [] } of this.pages(folder))
      for (const { Key = '', LastModified } of Contents)
        if (LastModified && LastModified < writtenBefore) ids.push(Key.slice(folder.length));
    return ids.filter(isUuid);
  }

  async removeLeftovers(writtenBefore: Date): Promise<void> {
    await this.abortUploads(writtenBefore);
    await this.removeAll(HELD, new Date(Date.now() - HELD_FOR_MS));
  }

  private async openNamed(name: string): Promise<StoredObject | undefined> {
    const get = (range: string, etag?: string): Promise<GetObjectCommandOutput> =>
      this.client.send(new GetObjectCommand({ Bucket: this.bucket, Key: name, Range: range, IfMatch: etag }));
    const first = await unlessMissing(async () => {
      try {
        return await get(`bytes=0-${HEAD_BYTES - 1}`);
      } catch (error) {
        // Nothing has no first byte.
        if (nameOfError(error) === 'InvalidRange') return 'empty';
        throw error;
      }
    });
    if (first === undefined) return undefined;
    const size = first === 'empty' ? 0 : Number(first.ContentRange?.split('/')[1] ?? first.ContentLength);
    const head = first === 'empty' ? Buffer.alloc(0) : Buffer.from(await first.Body!.transformToByteArray());
    const etag = first === 'empty' ? undefined : first.ETag;
    return {
      size,
      head,
      stream: async ({ start, end }) =>
        (await asked(() => get(`bytes=${start}-${end}`, etag))).Body as Readable,
      close: () => Promise.resolve(),
    };
  }

  /** Removes what was begun and never finished: S3 keeps the parts, and bills them. */
  private async abortUploads(begunBefore: Date): Promise<void> {
    const Bucket = this.bucket;
    let marker: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
    for (let isLast = false; !isLast;) {
      const page = await asked(() =>
        this.client.send(new ListMultipartUploadsCommand({ Bucket, ...marker })),
      );
      for (const { Key, UploadId, Initiated } of page.Uploads ?? [])
        if (Initiated && Initiated < begunBefore)
          await asked(() => this.client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })));
      isLast = page.IsTruncated !== true;
      marker = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
    }
  }

  private async removeAll(prefix: string, writtenBefore?: Date): Promise<void> {
    for await (const { Contents = [] } of this.pages(prefix)) {
      const names = Contents.filter(
        ({ LastModified }) => !writtenBefore || (LastModified && LastModified < writtenBefore),
      ).map(({ Key }) => ({ Key }));
      if (names.length === 0) continue;
      const command = new DeleteObjectsCommand({ Bucket: this.bucket, Delete: { Objects: names } });
      const { Errors = [] } = await asked(() => this.client.send(command));
      if (Errors.length > 0) throw unavailable(new Error(`${Errors.length} objects could not be removed`));
    }
  }

  private async *pages(prefix: string, delimiter?: string): AsyncGenerator<ListObjectsV2CommandOutput> {
    const question = { Bucket: this.bucket, Prefix: prefix, Delimiter: delimiter };
    try {
      yield* paginateListObjectsV2({ client: this.client }, question);
    } catch (error) {
      throw unavailable(error);
    }
  }
}

const folderOf = (tenantId: string): string => `${TENANTS}${idOf('tenant', tenantId)}/`;
const nameOf = ({ tenantId, fileId }: FileKey): string => folderOf(tenantId) + idOf('file', fileId);
const heldName = (fileId: string, holder: string): string =>
  `${HELD}${idOf('holder', holder)}/${idOf('file', fileId)}`;
const nameOfError = (error: unknown): string => (error as Error).name;

const unavailable = (cause: unknown): UnavailableError =>
  new UnavailableError('storage_unavailable', 'The storage of files cannot be used now; retry later.', 5, {
    cause,
  });

/** What the store answers; whatever goes wrong there is a failure of the store, not of the caller. */
async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw unavailable(error);
  }
}

/** As `asked`; undefined when there is no such object. */
async function unlessMissing<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (NOT_THERE.has(nameOfError(error))) return undefined;
    throw unavailable(error);
  }
}
