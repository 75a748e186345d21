import { DomainError } from '../../kernel/errors.js';

/** A file that is not a whole, unchanged export which this version can take; nothing of it was kept. */
export class ArchiveError extends DomainError {
  readonly kind = 'invalid';
  constructor(detail: string, options?: ErrorOptions) {
    super('archive_refused', detail, options);
  }
}
