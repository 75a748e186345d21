import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { IdempotencyInterceptor } from '../../../platform/idempotency/idempotency.interceptor.js';
import type { ReceivedPart } from './upload-engine.js';

/** As for any POST; runs after the upload was read, since two sendings of one file differ in their boundaries. */
@Injectable()
export class IdempotentUploadInterceptor extends IdempotencyInterceptor {
  protected override isContentKnown(): boolean {
    return true;
  }

  protected override contentOf(request: Request & { file?: ReceivedPart }): string {
    const { name, sha256 } = request.file?.received ?? {};
    return JSON.stringify([name, sha256, request.body]);
  }
}
