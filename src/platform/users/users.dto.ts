import { ApiProperty, OmitType, PartialType } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsEmail,
  IsIn,
  IsString,
  IsUUID,
  Length,
  Matches,
  MaxLength,
} from 'class-validator';
import type { Actor } from '../../kernel/actor.js';
import { ACCOUNT_STATUSES, type AccountStatus } from '../auth/accounts/account.entity.js';
import type { User } from '../auth/accounts/user.entity.js';
import { Fields, readable, seenBy } from '../http/field-rights.js';
import { IsOneLine, Nullable, Optional } from '../http/fields.js';
import { pageOf } from '../http/response/page.dto.js';
import { PageQuery } from '../http/route.js';
import { ROLE_NAME } from '../roles/roles.dto.js';

/** A user just made; `invitation` when no password was given. */
export interface NewUser {
  user: User;
  invitation?: { token: string; expiresAt: Date };
}

@Fields('users:create', ['vendorId', 'password'])
export class CreateUserDto {
  /** For signing in; unique in the tenant, in upper or lower case */
  @IsEmail()
  @MaxLength(254)
  email: string;

  @IsOneLine()
  @Length(1, 200)
  name: string;

  /** Names of built-in roles, or of the tenant's own; they grant no more than the caller holds */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(10)
  @ArrayUnique()
  @Matches(ROLE_NAME, { each: true })
  roles: string[];

  /** The vendor whose data the user may see; needed for the role `vendor` */
  @Nullable()
  @IsUUID()
  vendorId?: string | null;

  /** Without one the user is invited to choose it */
  @Optional()
  @IsString()
  @MaxLength(512)
  password?: string;
}

/** Nobody sets another's password: it is chosen by invitation, or changed by its owner. */
@Fields('users:update', ['email', 'name', 'roles', 'vendorId', 'status'])
export class UpdateUserDto extends PartialType(OmitType(CreateUserDto, ['password']), {
  skipNullProperties: false,
}) {
  /** A disabled user cannot sign in; their sessions end at once */
  @Optional()
  @IsIn(ACCOUNT_STATUSES)
  @ApiProperty({ enum: ACCOUNT_STATUSES, enumName: 'UserStatus', required: false })
  status?: AccountStatus;
}

export class UserQueryDto extends PageQuery {
  /** Only users whose name contains this, in upper or lower case */
  @Optional()
  @IsString()
  @Length(1, 100)
  q?: string;
}

export class InvitationTicketDto {
  /** Shown this once; good for one `POST /v1/invitations/accept` */
  token: string;
  expiresAt: Date;
}

export class InvitationDto {
  /** Only when no password was given */
  @ApiProperty({ type: InvitationTicketDto, required: false })
  invitation?: InvitationTicketDto;

  static of({ invitation }: NewUser): InvitationDto {
    return invitation ? { invitation } : {};
  }
}

@Fields('users:read', ['email', 'name', 'roles'])
export class UserDto {
  /** UUIDv7 */
  @ApiProperty({ format: 'uuid' })
  id: string;
  email?: string;
  name?: string;
  /** Names of the user's roles */
  roles?: string[];
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  vendorId: string | null;
  /** Whether the user can sign in */
  @ApiProperty({ enum: ACCOUNT_STATUSES, enumName: 'UserStatus' })
  status: AccountStatus;
  createdAt: Date;
  updatedAt: Date;
  /** Counts the changes; the ETag is made of it */
  @ApiProperty({ type: 'integer', minimum: 1 })
  version: number;

  /** As this reader may see it: personal data is masked, and fields are left out, as the reader's roles say. */
  static from(user: User, reader: Actor): UserDto {
    const seen = seenBy(reader, user.vendorId, user);
    return readable(reader, 'users:read', user.vendorId, {
      id: seen.id,
      email: seen.email,
      name: seen.name,
      roles: seen.roles,
      vendorId: seen.vendorId,
      status: seen.status,
      createdAt: seen.createdAt,
      updatedAt: seen.updatedAt,
      version: seen.version,
    });
  }
}

export class CreatedUserDto extends UserDto {
  /** Only when no password was given */
  @ApiProperty({ type: InvitationTicketDto, required: false })
  invitation?: InvitationTicketDto;

  static of(created: NewUser, reader: Actor): CreatedUserDto {
    return { ...UserDto.from(created.user, reader), ...InvitationDto.of(created) };
  }
}

export class UserPageDto extends pageOf(UserDto) {}
