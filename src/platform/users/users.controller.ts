import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '../../kernel/actor.js';
import { IfMatch } from '../http/etag.js';
import { toPageDto } from '../http/page.dto.js';
import { Allow, CurrentActor, IdParam, OwnedBy } from '../http/route.js';
import type { ExpectedVersion } from '../tenancy/tenant.repository.js';
import {
  CreatedUserDto,
  CreateUserDto,
  UpdateUserDto,
  UserDto,
  UserPageDto,
  UserQueryDto,
} from './users.dto.js';
import { UsersService } from './users.service.js';

@ApiTags('Users')
@Controller({ path: 'users', version: '1' })
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Get()
  @Allow('users:read')
  async list(@Query() query: UserQueryDto, @CurrentActor() reader: Actor): Promise<UserPageDto> {
    return toPageDto(await this.users.list(query), (user) => UserDto.from(user, reader));
  }

  @Post()
  @Allow('users:create')
  async create(@Body() dto: CreateUserDto, @CurrentActor() reader: Actor): Promise<CreatedUserDto> {
    return CreatedUserDto.of(await this.users.create(dto), reader);
  }

  @Get(':id')
  @Allow('users:read')
  @OwnedBy(UsersService)
  async get(@Param() { id }: IdParam, @CurrentActor() reader: Actor): Promise<UserDto> {
    return UserDto.from(await this.users.get(id), reader);
  }

  @Patch(':id')
  @Allow('users:update')
  @OwnedBy(UsersService)
  async update(
    @Param() { id }: IdParam,
    @Body() dto: UpdateUserDto,
    @IfMatch() expected: ExpectedVersion,
    @CurrentActor() reader: Actor,
  ): Promise<UserDto> {
    return UserDto.from(await this.users.update(id, dto, expected), reader);
  }

  @Delete(':id')
  @HttpCode(204)
  @Allow('users:delete')
  @OwnedBy(UsersService)
  remove(@Param() { id }: IdParam, @IfMatch() expected: ExpectedVersion): Promise<void> {
    return this.users.remove(id, expected);
  }
}
