import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allow, ChangesNothing } from '../http/route.js';
import { ExplainDto, ExplanationDto } from './explain.dto.js';
import { ExplainService } from './explain.service.js';

@ApiTags('Roles')
@Controller({ path: 'access', version: '1' })
export class ExplainController {
  constructor(private readonly explanations: ExplainService) {}

  /** Tell whether the request of a user, an API key or an agent would be let through, and by which rule */
  @Post('explain')
  @HttpCode(200)
  @ChangesNothing()
  @Allow('access:explain')
  async explain(@Body() dto: ExplainDto): Promise<ExplanationDto> {
    return ExplanationDto.from(await this.explanations.explain(dto));
  }
}
