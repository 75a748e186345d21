import { finished } from 'node:stream/promises';
import {
  Inject,
  Injectable,
  Logger,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { Request, RequestHandler, Response } from 'express';
import { finalize, type Observable } from 'rxjs';
import { v7 as uuidv7 } from 'uuid';
import { InvalidError, UnauthenticatedError, UnsupportedTypeError } from '../../../kernel/errors.js';
import type { Config } from '../../../platform/config/config.js';
import { CONFIG } from '../../../platform/config/config.module.js';
import type { BodyDigest } from '../../../platform/http/request/body-digest.js';
import { TenantContext } from '../../../platform/tenancy/tenant-context.js';
import { FileStorage, type FileKey } from '../file-storage.js';
import { assertKnownTypes } from '../recognition/file-kinds.js';
import { createUploadParser, ENVELOPE_BYTES } from './upload-parser.js';
import type { ReceivedPart } from './upload-engine.js';
import { refusalOf, tooLarge } from './upload-refusal.js';

/** How long a sender of far too much may go on after the answer; cut at once, it might never see the answer. */
const LINGER_MS = 2000;

/**
 * Reads an upload after the guards have let the caller in and before the handler runs. Whatever happens then, an
 * upload that the handler did not keep is discarded.
 */
@Injectable()
export class UploadInterceptor implements NestInterceptor {
  private readonly logger = new Logger(UploadInterceptor.name);
  private readonly maxBytes: number;
  private readonly parse: RequestHandler;
  /** Made while the request's tenant is known, for the parser, to which it is not. */
  private readonly keys = new WeakMap<Request, FileKey>();

  constructor(
    @Inject(CONFIG) config: Config,
    storage: FileStorage,
    private readonly context: TenantContext,
  ) {
    assertKnownTypes(config.uploadTypes);
    this.maxBytes = config.uploadMaxBytes;
    this.parse = createUploadParser({
      storage,
      maxBytes: this.maxBytes,
      acceptedTypes: config.uploadTypes,
      keyOf: (request) => this.keys.get(request)!,
    });
  }

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request & { file?: ReceivedPart }>();
    if (!/^multipart\/form-data\s*(;|$)/i.test(request.headers['content-type'] ?? ''))
      throw new UnsupportedTypeError('The body must be multipart/form-data.');
    this.keys.set(request, { tenantId: this.context.binding.tenantId, fileId: uuidv7() });
    await this.read(request, http.getResponse<Response>());
    const { file } = request;
    if (request.bodyDigest && !(await isWhole(request, request.bodyDigest))) {
      if (file) this.discard(file);
      throw new UnauthenticatedError('invalid_signature', 'The body is not what Content-Digest says.');
    }
    if (!file) throw InvalidError.field('/file', 'required', 'A file is required, in the field `file`.');
    if (Object.hasOwn(request.body as object, '__proto__')) {
      // Nest's validation would drop it without a word, before it could be refused as any unknown field is.
      this.discard(file);
      throw InvalidError.field('/__proto__', 'unknown_field', 'There is no such field.');
    }
    return next.handle().pipe(finalize(() => this.discard(file)));
  }

  private async read(request: Request & { file?: ReceivedPart }, response: Response): Promise<void> {
    const limit = this.maxBytes + ENVELOPE_BYTES;
    if (Number(request.headers['content-length'] ?? 0) > limit) {
      cutAfterAnswer(request, response);
      throw tooLarge(this.maxBytes);
    }
    await new Promise<void>((resolve, reject) => {
      let received = 0;
      let isRefused = false;
      request.on('data', (chunk: Buffer) => {
        received += chunk.length;
        request.bodyDigest?.update(chunk);
        if (isRefused || received <= limit) return;
        isRefused = true;
        cutAfterAnswer(request, response);
        reject(tooLarge(this.maxBytes));
      });
      this.parse(request, response, (error?: unknown) => {
        if (isRefused && request.file) this.discard(request.file);
        else if (error === undefined) resolve();
        else reject(refusalOf(error));
      });
    });
  }

  private discard({ received }: ReceivedPart): void {
    received.incoming.discard().catch((error: unknown) => {
      this.logger.warn('An upload could not be discarded', error instanceof Error ? error.stack : error);
    });
  }
}

/** Waits for the last octet of the body, which may come after the last part, and holds all of them against the digest. */
async function isWhole(request: Request, digest: BodyDigest): Promise<boolean> {
  try {
    if (!request.readableEnded) await finished(request.resume());
  } catch {
    return false;
  }
  return digest.isKept();
}

/** After the answer a socket that closes says nothing to its request any more, so the request is ended here. */
function cutAfterAnswer(request: Request, response: Response): void {
  response.once('finish', () => {
    const cut = () => request.destroy();
    const timer = setTimeout(cut, LINGER_MS);
    request.socket.once('close', cut);
    request.once('close', () => clearTimeout(timer));
  });
}
