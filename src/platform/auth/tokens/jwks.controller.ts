import { Controller, Get, Header, VERSION_NEUTRAL } from '@nestjs/common';
import { Public } from '../../http/route.js';
import { JwksDto } from './jwks.dto.js';
import { SigningKeys } from './signing-keys.js';

@Controller({ path: '.well-known', version: VERSION_NEUTRAL })
export class JwksController {
  constructor(private readonly keys: SigningKeys) {}

  /** The public keys with which access tokens can be verified */
  @Get('jwks.json')
  @Header('Cache-Control', 'public, max-age=300')
  @Public()
  get(): JwksDto {
    return { keys: [...this.keys.published] };
  }
}
