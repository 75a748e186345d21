import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { ExpectedVersions } from '../../../kernel/version.js';
import { Allow, Created, IdParam, IfMatch, OwnedBy, StepUp, Unkeyed } from '../../http/route.js';
import {
  CreateSigningKeyDto,
  NewSigningKeyDto,
  SigningKeyDto,
  SigningKeyPageDto,
} from './signing-keys.dto.js';
import { CredentialQueryDto } from '../credential-query.dto.js';
import { SigningKeysService } from './signing-keys.service.js';

@ApiTags('Signing keys')
@Controller({ path: 'signing-keys', version: '1' })
export class SigningKeysController {
  constructor(private readonly keys: SigningKeysService) {}

  /** List the signing keys that you may see */
  @Get()
  @Allow('signing_keys:read')
  async list(@Query() query: CredentialQueryDto): Promise<SigningKeyPageDto> {
    return SigningKeyPageDto.from(await this.keys.list(query), (key) => SigningKeyDto.from(key));
  }

  /** Make a signing key of a public key, or with a new secret that is in this answer alone */
  @Post()
  @Created()
  @Unkeyed()
  @StepUp()
  @Allow('signing_keys:create')
  async create(@Body() dto: CreateSigningKeyDto): Promise<NewSigningKeyDto> {
    const { key, secret } = await this.keys.create(dto);
    return NewSigningKeyDto.with(key, secret);
  }

  /** Read one signing key */
  @Get(':id')
  @Allow('signing_keys:read')
  @OwnedBy(SigningKeysService)
  async get(@Param() { id }: IdParam): Promise<SigningKeyDto> {
    return SigningKeyDto.from(await this.keys.get(id));
  }

  /** Remove a signing key; what is signed with it is refused from now on */
  @Delete(':id')
  @HttpCode(204)
  @Allow('signing_keys:delete')
  @OwnedBy(SigningKeysService)
  remove(@Param() { id }: IdParam, @IfMatch() expected: ExpectedVersions): Promise<void> {
    return this.keys.remove(id, expected);
  }
}
