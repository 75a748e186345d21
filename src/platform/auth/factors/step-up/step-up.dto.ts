import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsDefined,
  IsIn,
  IsString,
  Length,
  MaxLength,
  MinLength,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { PASSWORD_MAX } from '../../auth.dto.js';
import { STEP_UP_METHODS, type StepUpMethod } from '../factor-method.js';
import { AssertionDto } from '../passkeys/credential.dto.js';

export class StepUpDto {
  /** `password` is for accounts without a second factor */
  @ApiProperty({ enum: STEP_UP_METHODS })
  @IsIn(STEP_UP_METHODS)
  method: StepUpMethod;

  /** With the method `password` alone */
  @ValidateIf(({ method, password }: StepUpDto) => method === 'password' || password !== undefined)
  @IsString()
  @MinLength(1)
  @MaxLength(PASSWORD_MAX)
  password?: string;

  /** With the method `totp` alone */
  @ValidateIf(({ method, code }: StepUpDto) => method === 'totp' || code !== undefined)
  @IsString()
  @Length(1, 64)
  code?: string;

  /** With the method `passkey` alone: what the authenticator answered */
  @ValidateIf(({ method, credential }: StepUpDto) => method === 'passkey' || credential !== undefined)
  @IsDefined()
  @ValidateNested()
  @Type(() => AssertionDto)
  credential?: AssertionDto;
}

export class SteppedUpDto {
  /** Until when the proof is fresh */
  freshUntil: Date;
}
