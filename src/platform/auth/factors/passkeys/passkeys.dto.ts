import { ApiProperty } from '@nestjs/swagger';
import { pageOf } from '../../../http/response/page.dto.js';
import type { PasskeyColumns } from './passkey.entity.js';

export class PasskeyDto {
  /** UUIDv7 */
  id: string;

  /** What you call it */
  name: string;

  /** Whether it may be copied to your other devices */
  synced: boolean;

  createdAt: Date;

  /** Null until it is first used */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  lastUsedAt: Date | null;

  static from({ id, name, synced, createdAt, lastUsedAt }: PasskeyColumns): PasskeyDto {
    return { id, name, synced, createdAt, lastUsedAt };
  }
}

export class RegisteredPasskeyDto extends PasskeyDto {
  /** Ten codes with the first second factor of the account, told this once; else none */
  @ApiProperty({ type: String, isArray: true, minItems: 0, maxItems: 10 })
  recoveryCodes: string[];
}

export class PasskeyPageDto extends pageOf(PasskeyDto) {}
