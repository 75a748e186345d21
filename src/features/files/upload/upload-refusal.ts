import { MulterError } from 'multer';
import { DomainError, InvalidError, TooLargeError } from '../../../kernel/errors.js';

/** Multer and its parser say in plain Errors what is wrong with the sender's bytes. */
const MALFORMED =
  /^(Multipart: |Malformed |Unexpected end of |Unsupported content type|Request (aborted|closed|error)|aborted$)/;

/** What the caller is told of an upload that could not be read; faults of the server pass as they are. */
export function refusalOf(error: unknown): Error {
  if (!(error instanceof Error)) return new Error('the upload failed', { cause: error });
  if (error instanceof DomainError) return error;
  if (error instanceof MulterError) return refusalOfLimit(error);
  if (MALFORMED.test(error.message))
    return InvalidError.field('', 'multipart', 'The body is not well-formed multipart/form-data.');
  return error;
}

export const tooLarge = (maxBytes: number): TooLargeError =>
  new TooLargeError(`A file may have ${maxBytes} bytes at most.`);

function refusalOfLimit({ code, field }: MulterError): DomainError {
  const pointer = field === undefined ? '' : `/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  switch (code) {
    case 'LIMIT_FILE_SIZE':
      return new TooLargeError('The file is larger than is accepted.');
    case 'LIMIT_UNEXPECTED_FILE':
    case 'LIMIT_FILE_COUNT':
      return InvalidError.field(
        pointer,
        'unexpected_file',
        'Exactly one file is accepted, in the field `file`.',
      );
    case 'LIMIT_FIELD_VALUE':
      return InvalidError.field(pointer, 'too_long', 'The field is too long.');
    default:
      return InvalidError.field(pointer, 'multipart', 'The form has fields that are not accepted.');
  }
}
