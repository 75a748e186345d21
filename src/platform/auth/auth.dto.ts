import { Transform } from 'class-transformer';
import { IsEmail, IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { normaliseEmail } from './accounts/email.js';

/** 128 characters of a new password, however they are composed, and no more than a request should carry. */
export const PASSWORD_MAX = 512;
/** More than any token here, so that the wrong kind of token is refused as such. */
export const TOKEN_MAX = 2048;

export class LoginDto {
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
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? normaliseEmail(value) : value))
  @IsEmail({ require_tld: false })
  @MaxLength(254)
  email: string;

  /** Password of the account */
  @IsString()
  @MinLength(1)
  @MaxLength(PASSWORD_MAX)
  password: string;
}

export class RefreshDto {
  /** The newest refresh token of the session; it is good once */
  @IsString()
  @MaxLength(TOKEN_MAX)
  refreshToken: string;
}

export class ChangePasswordDto {
  /** The password as it is */
  @IsString()
  @MinLength(1)
  @MaxLength(PASSWORD_MAX)
  currentPassword: string;

  /** The password as it shall be */
  @IsString()
  @MinLength(1)
  @MaxLength(PASSWORD_MAX)
  newPassword: string;
}

export class TokenPairDto {
  /** Sent as `Authorization: Bearer …` with each request */
  accessToken: string;

  /** How the access token is sent */
  tokenType: 'Bearer';

  /** Seconds until the access token expires */
  expiresIn: number;

  /** Exchanged, once, for the next pair */
  refreshToken: string;

  /** Seconds until the refresh token expires unless it is used */
  refreshExpiresIn: number;
}
