import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allow, IfMatch, StepUp } from '../../../http/route.js';
import type { ExpectedVersions } from '../../../../kernel/version.js';
import { SecurityPolicyDto, UpdateSecurityPolicyDto } from './security-policy.dto.js';
import { SecurityPolicyService } from './security-policy.service.js';

@ApiTags('Security policy')
@Controller({ path: 'security-policy', version: '1' })
export class SecurityPolicyController {
  constructor(private readonly policies: SecurityPolicyService) {}

  /** Show what the tenant asks of its people when they sign in */
  @Get()
  @Allow('security_policy:read')
  async get(): Promise<SecurityPolicyDto> {
    return this.policies.get();
  }

  /** Change the fields that are sent; `If-Match` is honoured */
  @Patch()
  @Allow('security_policy:update')
  @StepUp()
  async update(
    @Body() dto: UpdateSecurityPolicyDto,
    @IfMatch() expected: ExpectedVersions,
  ): Promise<SecurityPolicyDto> {
    return this.policies.change(dto, expected);
  }
}
