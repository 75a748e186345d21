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
  MaxLength,
} from 'class-validator';
import type { Actor } from '../../kernel/actor.js';
import { maskEmail } from '../../kernel/masking.js';
import { TENANT_ROLES, type TenantRole } from '../../kernel/permissions.js';
import { ACCOUNT_STATUSES, type AccountStatus } from '../auth/accounts/account.entity.js';
import type { User } from '../auth/accounts/user.entity.js';
import { IsOneLine, Nullable, Optional } from '../http/fields.js';
import { pageOf } from '../http/response/page.dto.js';
import { PageQuery } from '../http/route.js';

/** A user just made; `invitation` when no password was given. */
export interface NewUser {
  user: User;
  invitation?: { token: string; expiresAt: Date };
}

export class CreateUserDto {
  /** For signing in; unique in the tenant, in upper or lower case */
  @IsEmail()
  @MaxLength(254)
  email: string;

  @IsOneLine()
  @Length(1, 200)
  name: string;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(10)
  @ArrayUnique()
  @IsIn(TENANT_ROLES, { each: true })
  @ApiProperty({ enum: TENANT_ROLES, enumName: 'TenantRole', isArray: true })
  roles: TenantRole[];

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

export class UserDto {
  /** UUIDv7 */
  @ApiProperty({ format: 'uuid' })
  id: string;
  email: string;
  name: string;
  /** Names of the user's roles */
  roles: string[];
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

  /** As this reader may see it: personal data is masked for those without the permission to read it. */
  static from(user: User, reader: Actor): UserDto {
    const isMasked = !reader.scopeOf('personal_data:read');
    return {
      id: user.id,
      email: isMasked ? maskEmail(user.email) : user.email,
      name: user.name,
      roles: user.roles,
      vendorId: user.vendorId,
      status: user.status,
      createdAt: user.createdAt,
      updatedAt: user.updatedAt,
      version: user.version,
    };
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
