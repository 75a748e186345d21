import { Injectable } from '@nestjs/common';
import { InvalidError } from '../../../kernel/errors.js';
import { isCommon } from './common-passwords.js';
import { PasswordMinimum } from './password-minimum.js';
import { isMadeOf, isSimple, repeatedUnit } from './password-words.js';

const MAX_LENGTH = 128;
const PRODUCT = 'Ringfence';

/** Whose password it shall be, and how a refusal names it. */
export interface PasswordUse {
  /** JSON Pointer of the field. */
  pointer: string;
  /** E-mail address and name of the user, slug and name of the tenant. */
  ownWords: readonly string[];
  /** Null for operators; undefined for a tenant that is being made. */
  tenantId: string | null | undefined;
}

/**
 * What a password must be like (NIST SP 800-63B-4, 3.1.1.2): long enough, and not one that is guessed first. The whole password
 * is judged, never a part of it, and nothing is asked of its composition.
 */
@Injectable()
export class PasswordPolicy {
  constructor(private readonly minimum: PasswordMinimum) {}

  /**
   * Throws InvalidError, naming the pointer and the reason: `malformed`, `too_short`, `too_long`, `too_common`,
   * `too_simple` or `own_words`. Length is counted in Unicode code points after NFC.
   */
  async assertAcceptable(password: string, { pointer, ownWords, tenantId }: PasswordUse): Promise<void> {
    const refuse = (code: string, detail: string): never => {
      throw InvalidError.field(pointer, code, detail);
    };
    const minLength = await this.minimum.of(tenantId);
    const length = Array.from(password.normalize('NFC')).length;
    if (!password.isWellFormed()) refuse('malformed', 'Must be well-formed Unicode text.');
    if (length < minLength) refuse('too_short', `Must have at least ${minLength} characters.`);
    if (length > MAX_LENGTH) refuse('too_long', `Must have at most ${MAX_LENGTH} characters.`);
    if (isMadeOf([...ownWords, PRODUCT], password))
      refuse('own_words', 'Must not be only names, addresses or the tenant that belong to you.');
    const unit = repeatedUnit(password);
    if (isCommon(password) || (unit !== undefined && isCommon(unit)))
      refuse('too_common', 'Must not be one of the passwords that are common or were breached.');
    if (isSimple(password))
      refuse('too_simple', 'Must not be only repeated characters or rows of the keyboard or alphabet.');
  }
}
