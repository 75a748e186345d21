import { ApiProperty, OmitType, PartialType } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, Length, Matches } from 'class-validator';
import { PERMISSION_FACTS } from '../../kernel/permission-catalogue.js';
import { ROLE_GRANTS, type Permission, type Scope, type TenantRole } from '../../kernel/permissions.js';
import { fieldsOf } from '../http/field-rights.js';
import { IsOneLine, Nullable, Optional } from '../http/fields.js';
import { pageOf } from '../http/response/page.dto.js';
import type { CustomRole } from './role.entity.js';

/** Names of roles: of lower case letters, digits and underscores, so that no two look alike. */
export const ROLE_NAME = /^[a-z][a-z0-9_]{1,49}$/;

export class RoleNameParam {
  /** Name of the role */
  @Matches(ROLE_NAME)
  name: string;
}

export class CreateRoleDto {
  /** By which users refer to the role; it never changes */
  @Matches(ROLE_NAME)
  name: string;

  /** What the role is for */
  @Nullable()
  @IsOneLine()
  @Length(1, 200)
  description?: string | null;

  /** Entries of the catalogue with their scope, as `agents:read:own` */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @ArrayUnique()
  @Matches(/^[a-z_]{1,40}:[a-z]{1,20}:(any|own)$/, { each: true })
  permissions: string[];

  /** Fields that the role leaves out: `agents.phone` of every action, `agents.phone:update` of one */
  @Optional()
  @IsArray()
  @ArrayMaxSize(100)
  @ArrayUnique()
  @Matches(/^[a-z_]{1,40}\.[A-Za-z]{1,40}(:[a-z]{1,20})?$/, { each: true })
  exceptFields?: string[];
}

export class UpdateRoleDto extends PartialType(OmitType(CreateRoleDto, ['name']), {
  skipNullProperties: false,
}) {}

export class RoleDto {
  name: string;
  description: string | null;
  /** As `agents:read:own` */
  permissions: string[];
  /** As `agents.phone`, or `agents.phone:update` */
  exceptFields: string[];
  /** Built-in roles are the same in every tenant, and cannot be changed */
  isBuiltIn: boolean;
  @ApiProperty({ type: Date, nullable: true })
  createdAt: Date | null;
  @ApiProperty({ type: Date, nullable: true })
  updatedAt: Date | null;
  /** Counts the changes; the ETag is made of it */
  @ApiProperty({ type: 'integer', minimum: 1 })
  version: number;

  static from(role: CustomRole): RoleDto {
    const { name, description, permissions, exceptFields, createdAt, updatedAt, version } = role;
    return { name, description, permissions, exceptFields, isBuiltIn: false, createdAt, updatedAt, version };
  }

  static builtIn(name: TenantRole): RoleDto {
    const permissions = [...ROLE_GRANTS[name]];
    const never = { createdAt: null, updatedAt: null, version: 1 };
    return { name, description: null, permissions, exceptFields: [], isBuiltIn: true, ...never };
  }
}

export class RolePageDto extends pageOf(RoleDto) {}

export class PermissionDto {
  /** `<resource>:<action>` */
  permission: string;
  description: string;
  /** `any`: of the whole tenant; `own`: of the holder's vendor */
  @ApiProperty({ enum: ['any', 'own'], enumName: 'PermissionScope', isArray: true })
  scopes: Scope[];
  /** What a role may leave out of it, as it is written in `exceptFields` */
  fields: string[];

  static from(permission: Permission): PermissionDto {
    const { description, scopes } = PERMISSION_FACTS[permission];
    const fields = fieldsOf(permission).map((field) => permission.replace(':', `.${field}:`));
    return { permission, description, scopes: [...scopes], fields };
  }
}

export class PermissionPageDto extends pageOf(PermissionDto) {}
