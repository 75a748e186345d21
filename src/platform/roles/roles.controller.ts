import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { ExpectedVersions } from '../../kernel/version.js';
import { Allow, Created, IfMatch } from '../http/route.js';
import {
  CreateRoleDto,
  PermissionDto,
  PermissionPageDto,
  RoleDto,
  RoleNameParam,
  RolePageDto,
  UpdateRoleDto,
} from './roles.dto.js';
import { RolesService } from './roles.service.js';

@ApiTags('Roles')
@Controller({ version: '1' })
export class RolesController {
  constructor(private readonly roles: RolesService) {}

  /** List what roles can be made of */
  @Get('permissions')
  @Allow('roles:read')
  listPermissions(): PermissionPageDto {
    return PermissionPageDto.from(this.roles.catalogue(), (permission) => PermissionDto.from(permission));
  }

  /** List the built-in roles and your tenant's own */
  @Get('roles')
  @Allow('roles:read')
  async list(): Promise<RolePageDto> {
    return RolePageDto.from(await this.roles.list(), (role) => role);
  }

  /** Make a role of permissions that you hold */
  @Post('roles')
  @Created('/v1/roles', 'name')
  @Allow('roles:create')
  async create(@Body() dto: CreateRoleDto): Promise<RoleDto> {
    return this.roles.create(dto);
  }

  /** Read one role */
  @Get('roles/:name')
  @Allow('roles:read')
  async get(@Param() { name }: RoleNameParam): Promise<RoleDto> {
    return this.roles.get(name);
  }

  /** Change the fields that are sent; counts from the holders' next request on */
  @Patch('roles/:name')
  @Allow('roles:update')
  async update(
    @Param() { name }: RoleNameParam,
    @Body() dto: UpdateRoleDto,
    @IfMatch() expected: ExpectedVersions,
  ): Promise<RoleDto> {
    return this.roles.update(name, dto, expected);
  }

  /** Remove a role that nobody has */
  @Delete('roles/:name')
  @HttpCode(204)
  @Allow('roles:delete')
  remove(@Param() { name }: RoleNameParam, @IfMatch() expected: ExpectedVersions): Promise<void> {
    return this.roles.remove(name, expected);
  }
}
