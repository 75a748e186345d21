import { ApiProperty, PickType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsDefined,
  IsEmail,
  IsIn,
  IsObject,
  IsString,
  Length,
  Matches,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { IsOneLine, Optional } from '../http/fields.js';
import { pageOf } from '../http/response/page.dto.js';
import { PageQuery } from '../http/route.js';
import { TENANT_STATUSES, type Tenant, type TenantStatus } from '../tenancy/tenant.entity.js';
import { InvitationDto, type NewUser } from '../users/users.dto.js';

export class FirstAdminDto {
  @IsEmail()
  @MaxLength(254)
  email: string;

  /** The e-mail address when left out */
  @Optional()
  @IsOneLine()
  @Length(1, 200)
  name?: string;

  /** Without one the administrator is invited to choose it */
  @Optional()
  @IsString()
  @MaxLength(512)
  password?: string;
}

export class CreateTenantDto {
  /** Short name for signing in; never given to another tenant, not even after deletion */
  @Matches(/^[a-z](?:[a-z0-9-]{0,48}[a-z0-9])$/, {
    message:
      '$property must be 2 to 50 lower-case letters, digits and -, beginning with a letter and not ending with -',
  })
  @MaxLength(50)
  slug: string;

  @IsOneLine()
  @Length(1, 200)
  name: string;

  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => FirstAdminDto)
  admin: FirstAdminDto;
}

export class UpdateTenantDto {
  @Optional()
  @IsOneLine()
  @Length(1, 200)
  name?: string;
}

export class TenantQueryDto extends PageQuery {
  /** Only tenants in this state */
  @Optional()
  @IsIn(TENANT_STATUSES)
  @ApiProperty({ enum: TENANT_STATUSES, enumName: 'TenantStatus', required: false })
  status?: TenantStatus;

  /** Only tenants whose name contains this, in upper or lower case */
  @Optional()
  @IsString()
  @Length(1, 100)
  q?: string;
}

export class DeleteTenantQueryDto {
  /** The tenant's slug, to confirm */
  @Optional()
  @IsString()
  @MaxLength(50)
  confirm?: string;
}

export class TenantDto {
  /** UUIDv7 */
  @ApiProperty({ format: 'uuid' })
  id: string;
  slug: string;
  name: string;
  @ApiProperty({ enum: TENANT_STATUSES, enumName: 'TenantStatus' })
  status: TenantStatus;
  createdAt: Date;
  updatedAt: Date;
  /** Counts the changes; the ETag is made of it */
  @ApiProperty({ type: 'integer', minimum: 1 })
  version: number;

  static from({ id, slug, name, status, createdAt, updatedAt, version }: Tenant): TenantDto {
    return { id, slug, name, status, createdAt, updatedAt, version };
  }
}

export class CreatedTenantDto extends TenantDto {
  /** The first administrator */
  admin: CreatedAdminDto;

  static of({ tenant, admin }: { tenant: Tenant; admin: NewUser }): CreatedTenantDto {
    return {
      ...TenantDto.from(tenant),
      admin: { id: admin.user.id, email: admin.user.email, ...InvitationDto.of(admin) },
    };
  }
}

export class CreatedAdminDto extends PickType(InvitationDto, ['invitation']) {
  @ApiProperty({ format: 'uuid' })
  id: string;
  email: string;
}

export class TenantPageDto extends pageOf(TenantDto) {}
