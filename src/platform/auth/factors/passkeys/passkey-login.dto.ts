import { Type } from 'class-transformer';
import { IsDefined, IsOptional, Matches, MaxLength, ValidateNested } from 'class-validator';
import { AssertionDto } from './credential.dto.js';

export class PasskeyLoginOptionsDto {
  /**
   * Slug of the tenant; left out by operators
   * @example acme
   */
  @IsOptional()
  @MaxLength(63)
  @Matches(/^[a-z0-9-]+$/)
  tenant?: string;
}

export class PasskeyLoginDto extends PasskeyLoginOptionsDto {
  /** What the authenticator answered */
  @IsDefined()
  @ValidateNested()
  @Type(() => AssertionDto)
  credential: AssertionDto;
}
