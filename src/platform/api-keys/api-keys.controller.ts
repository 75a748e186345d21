import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { ExpectedVersions } from '../../kernel/version.js';
import { Allow, Created, IdParam, IfMatch, OwnedBy, StepUp, Unkeyed } from '../http/route.js';
import {
  ApiKeyDto,
  ApiKeyPageDto,
  ApiKeyWithSecretDto,
  CreateApiKeyDto,
  RotateApiKeyDto,
} from './api-keys.dto.js';
import { CredentialQueryDto } from './credential-query.dto.js';
import { ApiKeysService } from './api-keys.service.js';

@ApiTags('API keys')
@Controller({ path: 'api-keys', version: '1' })
export class ApiKeysController {
  constructor(private readonly keys: ApiKeysService) {}

  /** List the API keys that you may see */
  @Get()
  @Allow('api_keys:read')
  async list(@Query() query: CredentialQueryDto): Promise<ApiKeyPageDto> {
    return ApiKeyPageDto.from(await this.keys.list(query), (key) => ApiKeyDto.from(key));
  }

  /** Make an API key; its secret is in this answer alone */
  @Post()
  @Created()
  @Unkeyed()
  @StepUp()
  @Allow('api_keys:create')
  async create(@Body() dto: CreateApiKeyDto): Promise<ApiKeyWithSecretDto> {
    const { key, secret } = await this.keys.create(dto);
    return ApiKeyWithSecretDto.with(key, secret);
  }

  /** Read one API key */
  @Get(':id')
  @Allow('api_keys:read')
  @OwnedBy(ApiKeysService)
  async get(@Param() { id }: IdParam): Promise<ApiKeyDto> {
    return ApiKeyDto.from(await this.keys.get(id));
  }

  /** Give the key a new secret; the one until now stays good for the overlap */
  @Post(':id/rotate')
  @HttpCode(200)
  @Unkeyed()
  @StepUp()
  @Allow('api_keys:update')
  @OwnedBy(ApiKeysService)
  async rotate(
    @Param() { id }: IdParam,
    @Body() dto: RotateApiKeyDto,
    @IfMatch() expected: ExpectedVersions,
  ): Promise<ApiKeyWithSecretDto> {
    const { key, secret } = await this.keys.rotate(id, dto, expected);
    return ApiKeyWithSecretDto.with(key, secret);
  }

  /** Revoke the key, with all of its secrets */
  @Delete(':id')
  @HttpCode(204)
  @Allow('api_keys:delete')
  @OwnedBy(ApiKeysService)
  remove(@Param() { id }: IdParam, @IfMatch() expected: ExpectedVersions): Promise<void> {
    return this.keys.remove(id, expected);
  }
}
