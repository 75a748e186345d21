import { IsString, MaxLength, MinLength } from 'class-validator';

export class AcceptInvitationDto {
  /** The token of the invitation's link; it is good once */
  @IsString()
  @MaxLength(200)
  token: string;

  /** The password that the account shall have */
  @IsString()
  @MinLength(1)
  @MaxLength(512)
  password: string;
}
