import { IsBoolean, IsISO8601, MaxLength } from 'class-validator';
import { ApiProperty } from '@nestjs/swagger';
import { Optional } from '../../http/fields.js';
import type { SupportAccess } from './support-access.entity.js';

export class GrantSupportAccessDto {
  /**
   * Until when operators may act as users of the tenant; at most 30 days ahead
   * @example 2026-12-01T12:00:00Z
   */
  @IsISO8601({ strict: true, strictSeparator: true })
  @MaxLength(40)
  until: string;

  /** Whether they may change things as well; false when left out */
  @Optional()
  @IsBoolean()
  allowWrites?: boolean;
}

export class SupportAccessDto {
  /** Until when operators may act as users of the tenant; null when they may not */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  until: Date | null;

  /** Whether they may change things as well */
  allowWrites: boolean;

  /** UUID of the user who consented; null when nobody did */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  grantedBy: string | null;

  /** When they did */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  grantedAt: Date | null;

  static from(consent: SupportAccess | null): SupportAccessDto {
    return {
      until: consent?.until ?? null,
      allowWrites: consent?.allowWrites ?? false,
      grantedBy: consent?.grantedBy ?? null,
      grantedAt: consent?.grantedAt ?? null,
    };
  }
}
