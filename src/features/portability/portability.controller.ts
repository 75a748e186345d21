import { Controller, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { onceClosed } from '../../platform/http/response/once-closed.js';
import { Allow, ChangesNothing, IdParam, OwnedBy, StepUp } from '../../platform/http/route.js';
import { TenantsService } from '../../platform/tenants/tenants.service.js';
import { PortabilityService, type PreparedExport } from './portability.service.js';

const CLIENT_IS_GONE = new Set([
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_UNABLE_TO_PIPE',
  'ERR_STREAM_DESTROYED',
  'ECONNRESET',
  'EPIPE',
]);

@ApiTags('Tenants')
@Controller({ path: 'tenants', version: '1' })
export class PortabilityController {
  constructor(
    private readonly tenants: TenantsService,
    private readonly portability: PortabilityService,
  ) {}

  /** Export all data of a tenant as a zip: a line of JSON for each row, the files, and a manifest */
  @Post(':id/export')
  @HttpCode(200)
  @Allow('tenants:export')
  @OwnedBy(TenantsService)
  @StepUp()
  @ChangesNothing()
  @ApiProduces('application/zip')
  @ApiOkResponse({ description: 'The archive', schema: { type: 'string', format: 'binary' } })
  async export(@Param() { id }: IdParam, @Res() response: Response): Promise<void> {
    const tenant = await this.tenants.get(id);
    const gone = new AbortController();
    onceClosed(response, () => {
      gone.abort();
    });
    let prepared: PreparedExport;
    try {
      prepared = await this.portability.prepare(tenant, gone.signal);
    } catch (error) {
      if (gone.signal.aborted) return;
      throw error;
    }
    try {
      response.set({
        'Content-Type': 'application/zip',
        'Content-Disposition': `attachment; filename="${tenant.slug}.zip"`,
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
      });
      await prepared.writeTo(response);
    } catch (error) {
      if (!CLIENT_IS_GONE.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    } finally {
      await prepared.dispose();
    }
  }
}
