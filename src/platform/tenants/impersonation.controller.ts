import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '../../kernel/actor.js';
import { ImpersonationService } from '../auth/impersonation/impersonation.service.js';
import { Allow, CurrentActor, IdParam, OwnedBy, Unkeyed } from '../http/route.js';
import { ImpersonateDto, ImpersonationDto } from './impersonation.dto.js';
import { TenantsService } from './tenants.service.js';

@ApiTags('Tenants')
@Controller({ path: 'tenants', version: '1' })
export class ImpersonationController {
  constructor(
    private readonly tenants: TenantsService,
    private readonly impersonations: ImpersonationService,
  ) {}

  /** Act as a user of the tenant, when it has consented; each such call is in its audit log */
  @Post(':id/impersonation')
  @HttpCode(200)
  @Unkeyed()
  @Allow('tenants:impersonate')
  @OwnedBy(TenantsService)
  async impersonate(
    @Param() { id }: IdParam,
    @CurrentActor() operator: Actor,
    @Body() dto: ImpersonateDto,
  ): Promise<ImpersonationDto> {
    return ImpersonationDto.of(
      await this.impersonations.start(operator, await this.tenants.settled(id), dto),
    );
  }
}
