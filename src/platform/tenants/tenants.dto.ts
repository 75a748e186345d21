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
import {
  SUSPENSION_MODES,
  TENANT_STATUSES,
  type SuspensionMode,
  type Tenant,
  type TenantStatus,
} from '../tenancy/registry/tenant.entity.js';
import { InvitationDto, type NewUser } from '../users/users.dto.js';
import { TenantOwnPolicyDto, TenantPolicyChangeDto } from './tenant-policy.dto.js';

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

  /** Name of the database on which it shall live; the one with the fewest tenants when left out */
  @Optional()
  @Matches(/^[a-z][a-z0-9-]{0,29}$/, {
    message: '$property must be the name of a database: lower-case letters, digits and -',
  })
  database?: string;

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

  /** The tenant's own limits; those left out stay as they are */
  @Optional()
  @IsObject()
  @ValidateNested()
  @Type(() => TenantPolicyChangeDto)
  policy?: TenantPolicyChangeDto;
}

export class SuspendTenantDto {
  /** `blocked`, the default, shuts everybody out; `read_only` lets people sign in and read */
  @Optional()
  @IsIn(SUSPENSION_MODES)
  @ApiProperty({ enum: SUSPENSION_MODES, enumName: 'SuspensionMode', required: false })
  mode?: SuspensionMode;

  /** For operators; the tenant is not told */
  @Optional()
  @IsOneLine()
  @Length(1, 500)
  reason?: string;
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

export class SuspensionDto {
  @ApiProperty({ enum: SUSPENSION_MODES, enumName: 'SuspensionMode' })
  mode: SuspensionMode;
  reason: string | null;
  since: Date;

  static of({ status, suspensionMode, suspensionReason, suspendedAt }: Tenant): SuspensionDto | null {
    if (status !== 'suspended' || !suspensionMode || !suspendedAt) return null;
    return { mode: suspensionMode, reason: suspensionReason, since: suspendedAt };
  }
}

export class TenantDto {
  /** UUIDv7 */
  @ApiProperty({ format: 'uuid' })
  id: string;
  slug: string;
  name: string;
  @ApiProperty({ enum: TENANT_STATUSES, enumName: 'TenantStatus' })
  status: TenantStatus;
  @ApiProperty({ type: SuspensionDto, nullable: true })
  suspension: SuspensionDto | null;
  /** Name of the database on which it lives; `main` is the registry's own */
  database: string;
  /** The tenant's own limits; null where it has the default */
  policy: TenantOwnPolicyDto;
  createdAt: Date;
  updatedAt: Date;
  /** Counts the changes; the ETag is made of it */
  @ApiProperty({ type: 'integer', minimum: 1 })
  version: number;

  static from(tenant: Tenant): TenantDto {
    const { id, slug, name, status, database, createdAt, updatedAt, version } = tenant;
    const suspension = SuspensionDto.of(tenant);
    const policy = TenantOwnPolicyDto.from(tenant.policy);
    return { id, slug, name, status, suspension, database, policy, createdAt, updatedAt, version };
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
