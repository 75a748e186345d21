import {
  type DomainError,
  ForbiddenError,
  InvalidError,
  NotFoundError,
  TooLargeError,
  UnauthenticatedError,
  UnavailableError,
  UnsupportedTypeError,
} from '../../../kernel/errors.js';
import { ProtocolError } from '../request/protocol.error.js';
import { pointer } from '../request/untrusted-text.js';

type Known = DomainError | ProtocolError;

const MULTIPART_FAULT = /^(Multipart|Malformed part header|Unexpected end of (form|file))/;

/** What an error of body-parser, multer, busboy or Node means; undefined when it is none that a caller can cause. */
export function ofLibrary(error: unknown): Known | undefined {
  return error instanceof Error ? (ofMulter(error) ?? ofBodyParser(error)) : undefined;
}

function ofMulter(error: Error): Known | undefined {
  if (error.name === 'MulterError' && 'code' in error) {
    if (error.code === 'LIMIT_FILE_SIZE') return new TooLargeError('The file is too large.');
    if (error.code === 'LIMIT_UNEXPECTED_FILE') {
      const field = 'field' in error && typeof error.field === 'string' ? error.field : 'file';
      return InvalidError.field(
        pointer(field),
        'unexpected_file',
        'No file, or no further file, is taken here.',
      );
    }
    return malformedMultipart();
  }
  return MULTIPART_FAULT.test(error.message) ? malformedMultipart() : undefined;
}

function malformedMultipart(): ProtocolError {
  return new ProtocolError(
    400,
    'malformed_multipart',
    'The multipart body is malformed or has too many parts.',
  );
}

/** http-errors as body-parser and Express throw them: `status`, and `type` as the reason. */
function ofBodyParser(error: Error): Known | undefined {
  if (error instanceof URIError) return malformedUrl();
  if (!('status' in error) || typeof error.status !== 'number' || !('type' in error)) return undefined;
  if (error.type === 'request.aborted' || error.type === 'request.size.invalid') return malformedRequest();
  return ofStatus(error.status);
}

/** What a library means that says a status and nothing else that may be told. */
export function ofStatus(status: number): Known | undefined {
  switch (status) {
    case 400:
      return malformedRequest();
    case 401:
      return new UnauthenticatedError();
    case 403:
      return new ForbiddenError();
    case 404:
      return new NotFoundError();
    case 408:
      return new ProtocolError(408, 'request_timeout', 'The request took too long.');
    case 413:
      return new TooLargeError('The body is too large.');
    case 415:
      return new UnsupportedTypeError('The body has a type or an encoding that is not taken here.');
    case 422:
      return new InvalidError([]);
    case 503:
      return new UnavailableError('unavailable', 'The service is not ready; retry later.');
    default:
      return undefined;
  }
}

function malformedRequest(): ProtocolError {
  return new ProtocolError(400, 'malformed_request', 'The request is malformed.');
}

function malformedUrl(): ProtocolError {
  return new ProtocolError(400, 'malformed_url', 'The URL holds a malformed percent-encoding.');
}
