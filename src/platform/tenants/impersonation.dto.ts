import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsUUID, Length, Max, Min } from 'class-validator';
import type { ImpersonationGrant } from '../auth/impersonation/impersonation.js';
import { IsOneLine, Optional } from '../http/fields.js';

export class ImpersonateDto {
  /** UUID of the user to act as */
  @IsUUID()
  userId: string;

  /**
   * Why; the tenant reads it
   * @example Ticket 4711: the import stops half-way
   */
  @IsOneLine()
  @Length(10, 500)
  reason: string;

  /** For how long at most; 60 when left out */
  @Optional()
  @IsInt()
  @Min(1)
  @Max(60)
  @ApiProperty({ type: 'integer', minimum: 1, maximum: 60, required: false })
  minutes?: number;

  /** Only to look; true when left out, and false only where the tenant has allowed changes */
  @Optional()
  @IsBoolean()
  readOnly?: boolean;
}

export class ImpersonationDto {
  /** Sent as `Authorization: Bearer …` with each request; there is nothing to refresh it with */
  accessToken: string;

  /** How the access token is sent */
  tokenType: 'Bearer';

  /** Seconds until the access token, and the session with it, expires */
  @ApiProperty({ type: 'integer' })
  expiresIn: number;

  /** UUID of the session, as the user sees it among their own */
  sessionId: string;

  /** Whether everything but reading is refused */
  readOnly: boolean;

  static of({ accessToken, sessionId, expiresAt, readOnly }: ImpersonationGrant): ImpersonationDto {
    const expiresIn = Math.max(1, Math.floor((expiresAt.getTime() - Date.now()) / 1000));
    return { accessToken, tokenType: 'Bearer', expiresIn, sessionId, readOnly };
  }
}
