import { IsString, MaxLength, MinLength } from 'class-validator';
import { PASSWORD_MAX, TOKEN_MAX } from '../auth.dto.js';

export class AcceptInvitationDto {
  /** The token of the invitation's link; it is good once */
  @IsString()
  @MaxLength(TOKEN_MAX)
  token: string;

  /** The password that the account shall have */
  @IsString()
  @MinLength(1)
  @MaxLength(PASSWORD_MAX)
  password: string;
}
