import { Inject, Injectable } from '@nestjs/common';
import { InvalidError } from '../../../kernel/errors.js';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.js';

const MAX_LENGTH = 128;

/** What a password must be like: long enough, and not simply the user's own words. No rules of composition. */
@Injectable()
export class PasswordPolicy {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  /**
   * Throws InvalidError, naming `pointer`, for a password that nobody should have. Length is counted in Unicode code
   * points after NFC; `ownWords` (e-mail address, name, tenant) are refused when they are the whole password.
   */
  assertAcceptable(password: string, pointer: string, ownWords: readonly string[]): void {
    const normal = password.normalize('NFC');
    const length = Array.from(normal).length;
    const { passwordMinLength } = this.config;
    if (!password.isWellFormed())
      throw InvalidError.field(pointer, 'malformed', 'Must be well-formed Unicode text.');
    if (length < passwordMinLength)
      throw InvalidError.field(pointer, 'too_short', `Must have at least ${passwordMinLength} characters.`);
    if (length > MAX_LENGTH)
      throw InvalidError.field(pointer, 'too_long', `Must have at most ${MAX_LENGTH} characters.`);
    if (ownWords.some((word) => fold(word) === fold(password)))
      throw InvalidError.field(pointer, 'too_guessable', 'Must not be your own name, address or tenant.');
  }
}

const fold = (text: string): string => text.normalize('NFC').toLowerCase();
