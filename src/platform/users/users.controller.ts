import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '../../kernel/actor.js';
import { Allow, Created, CurrentActor, IdParam, IfMatch, OwnedBy, StepUp } from '../http/route.js';
import type { ExpectedVersions } from '../../kernel/version.js';
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

  /** List the users that you may see */
  @Get()
  @Allow('users:read')
  async list(@Query() query: UserQueryDto, @CurrentActor() reader: Actor): Promise<UserPageDto> {
    return UserPageDto.from(await this.users.list(query), (user) => UserDto.from(user, reader));
  }

  /** Make a user */
  @Post()
  @Created()
  @Allow('users:create')
  async create(@Body() dto: CreateUserDto, @CurrentActor() reader: Actor): Promise<CreatedUserDto> {
    return CreatedUserDto.of(await this.users.create(dto), reader);
  }

  /** Read one user */
  @Get(':id')
  @Allow('users:read')
  @OwnedBy(UsersService)
  async get(@Param() { id }: IdParam, @CurrentActor() reader: Actor): Promise<UserDto> {
    return UserDto.from(await this.users.get(id), reader);
  }

  /** Change the fields that are sent */
  @Patch(':id')
  @Allow('users:update')
  @OwnedBy(UsersService)
  async update(
    @Param() { id }: IdParam,
    @Body() dto: UpdateUserDto,
    @IfMatch() expected: ExpectedVersions,
    @CurrentActor() reader: Actor,
  ): Promise<UserDto> {
    return UserDto.from(await this.users.update(id, dto, expected), reader);
  }

  /** Remove a user, with all sessions; the last administrator stays */
  @Delete(':id')
  @HttpCode(204)
  @Allow('users:delete')
  @OwnedBy(UsersService)
  @StepUp()
  remove(@Param() { id }: IdParam, @IfMatch() expected: ExpectedVersions): Promise<void> {
    return this.users.remove(id, expected);
  }
}
