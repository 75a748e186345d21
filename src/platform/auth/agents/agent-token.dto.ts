import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsString, Matches, MaxLength } from 'class-validator';
import { Optional } from '../../http/fields.js';

export const GRANT_TYPE = 'client_credentials';
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** RFC 6749 (4.4) with RFC 7523 (2.2); its names are the standard's. */
export class AgentTokenRequestDto {
  @IsIn([GRANT_TYPE])
  @ApiProperty({ enum: [GRANT_TYPE] })
  grant_type: string;

  @IsIn([ASSERTION_TYPE])
  @ApiProperty({ enum: [ASSERTION_TYPE] })
  client_assertion_type: string;

  /** A JWT that the agent signed with the private half of a registered key */
  @IsString()
  @MaxLength(4096)
  client_assertion: string;

  /** May be left out; when given, the same as in the assertion */
  @Optional()
  @Matches(/^agent_[0-9A-Za-z]{44}$/)
  client_id?: string;
}

/** RFC 6749 (5.1); its names are the standard's. */
export class AgentTokenDto {
  /** Sent as `Authorization: Bearer …` with each request */
  access_token: string;

  /** How the access token is sent */
  token_type: 'Bearer';

  /** Seconds until the access token expires; another is got by another assertion */
  @ApiProperty({ type: 'integer', minimum: 1 })
  expires_in: number;
}
