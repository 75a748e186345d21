import {
  applyDecorators,
  createParamDecorator,
  UseInterceptors,
  type ExecutionContext,
} from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiCreatedResponse } from '@nestjs/swagger';
import type { Request } from 'express';
import { Multipart } from '../../../platform/http/route.js';
import { FileDto, FileUploadDto } from '../files.dto.js';
import { IdempotentUploadInterceptor } from './idempotent-upload.interceptor.js';
import type { ReceivedFile } from './received-file.js';
import type { ReceivedPart } from './upload-engine.js';
import { UploadInterceptor } from './upload.interceptor.js';

/** The route takes one file, as `multipart/form-data`, and answers with what is known of it. */
export const TakesFile = (): MethodDecorator =>
  applyDecorators(
    Multipart(),
    UseInterceptors(UploadInterceptor, IdempotentUploadInterceptor),
    ApiConsumes('multipart/form-data'),
    ApiBody({ type: FileUploadDto }),
    ApiCreatedResponse({ type: FileDto }),
  );

/** The file that was received. */
export const Received = createParamDecorator(
  (_: unknown, context: ExecutionContext): ReceivedFile =>
    context.switchToHttp().getRequest<Request & { file: ReceivedPart }>().file.received,
);
