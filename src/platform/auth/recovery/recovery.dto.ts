import { Transform } from 'class-transformer';
import { IsEmail, IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { normaliseEmail } from '../accounts/email.js';
import { PASSWORD_MAX, TOKEN_MAX } from '../auth.dto.js';

const asStored = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' ? normaliseEmail(value) : value;

export class ForgotPasswordDto {
  /**
   * Slug of the tenant; left out by operators
   * @example acme
   */
  @IsOptional()
  @MaxLength(63)
  @Matches(/^[a-z0-9-]+$/)
  tenant?: string;

  /**
   * E-mail address of the account
   * @example ada@acme.example
   */
  @Transform(asStored)
  @IsEmail({ require_tld: false })
  @MaxLength(254)
  email: string;
}

export class ResetPasswordDto {
  /** The token of the link in the mail; it is good once, for 30 minutes */
  @IsString()
  @MaxLength(TOKEN_MAX)
  token: string;

  /** The password that the account shall have */
  @IsString()
  @MinLength(1)
  @MaxLength(PASSWORD_MAX)
  password: string;
}

export class ChangeEmailDto {
  /**
   * The address that the account shall have
   * @example ada@new.example
   */
  @Transform(asStored)
  @IsEmail({ require_tld: false })
  @MaxLength(254)
  newEmail: string;

  /** The password of the account */
  @IsString()
  @MinLength(1)
  @MaxLength(PASSWORD_MAX)
  currentPassword: string;
}

export class ConfirmEmailDto {
  /** The token of the link in the mail to the new address; it is good once, for a day */
  @IsString()
  @MaxLength(TOKEN_MAX)
  token: string;
}
