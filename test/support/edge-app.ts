import { randomBytes } from 'node:crypto';
import 'reflect-metadata';
import { Writable } from 'node:stream';
import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Module,
  Param,
  Patch,
  Post,
  Query,
  UploadedFile,
  UseInterceptors,
  type Type,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { FileInterceptor, type NestExpressApplication } from '@nestjs/platform-express';
import { NestFactory } from '@nestjs/core';
import { Type as TransformType } from 'class-transformer';
import { IsInt, IsOptional, IsString, MaxLength, ValidateNested } from 'class-validator';
import * as errors from '../../src/kernel/errors.js';
import { assertVersion, type ExpectedVersions } from '../../src/kernel/version.js';
import { loadConfig, type Config } from '../../src/platform/config/config.js';
import { replaceProcessConfig } from '../../src/platform/config/config.module.js';
import { HealthModule } from '../../src/platform/health/health.module.js';
import { EdgeAdapter, listen } from '../../src/platform/http/edge.adapter.js';
import { HttpModule } from '../../src/platform/http/http.module.js';
import { configureHttp } from '../../src/platform/http/http.setup.js';
import { SERVER_LIMITS, type ServerLimits } from '../../src/platform/http/http-server.js';
import { createLogger } from '../../src/platform/http/logger.js';
import {
  Created,
  IdParam,
  IfMatch,
  Multipart,
  PageQuery,
  Public,
  TightLimit,
} from '../../src/platform/http/route.js';
import { AddressThrottlerGuard } from '../../src/platform/http/throttler.guard.js';
import { pageOf } from '../../src/platform/http/response/page.dto.js';

class PartDto {
  @IsInt()
  size: number;
}

class ThingInput {
  @IsString()
  @MaxLength(20)
  name: string;

  @IsOptional()
  @ValidateNested({ each: true })
  @TransformType(() => PartDto)
  parts?: PartDto[];
}

class ThingDto {
  id: string;
  name: string;
  version: number;
}

class ThingPage extends pageOf(ThingDto) {}

const ID = '0190c5a0-0000-7000-8000-000000000001';
const FAILURES: Readonly<Record<string, () => unknown>> = {
  unauthenticated: () => new errors.UnauthenticatedError(),
  forbidden: () => new errors.ForbiddenError(),
  conflict: () => new errors.ConflictError('Taken.'),
  precondition: () => new errors.PreconditionFailedError(),
  large: () => new errors.TooLargeError('Too large.'),
  type: () => new errors.UnsupportedTypeError('No.'),
  range: () => new errors.UnsatisfiableRangeError(7),
  rate: () => new errors.RateLimitedError(9),
  busy: () => new errors.UnavailableError(),
  full: () => new errors.OutOfStorageError(),
  foreign: () => new RangeError('translate me'),
  secret: () => new Error('password=hunter2 at /srv/app'),
  notAnError: () => 'text',
};

@Controller('things')
class ThingsController {
  @Get()
  @Public()
  list(@Query() query: PageQuery): ThingPage {
    const found = {
      data: [{ id: ID, name: 'a', version: 3 }],
      nextCursor: 'next=1',
      limit: query.limit ?? 20,
    };
    return ThingPage.from(found, (thing) => thing);
  }

  @Get('fail/:how')
  @Public()
  fail(@Param('how') how: string): never {
    throw FAILURES[how]?.();
  }

  @Get('slow')
  @Public()
  async slow(): Promise<object> {
    await new Promise((resolve) => setTimeout(resolve, 700));
    return { done: true };
  }

  @Get(':id')
  @Public()
  get(@Param() { id }: IdParam): ThingDto {
    return { id, name: 'a', version: 3 };
  }

  @Post()
  @Created()
  create(@Body() dto: ThingInput): ThingDto {
    return { id: ID, name: dto.name, version: 1 };
  }

  @Patch(':id')
  update(@Param() { id }: IdParam, @Body() dto: ThingInput, @IfMatch() expected: ExpectedVersions): ThingDto {
    assertVersion(expected, 3);
    return { id, name: dto.name, version: 4 };
  }

  @Delete(':id')
  @HttpCode(204)
  remove(@Param() { id }: IdParam): string {
    return id;
  }

  @Post('login')
  @TightLimit('login')
  @HttpCode(200)
  login(): object {
    return { ok: true };
  }

  @Post('other-login')
  @TightLimit('login')
  @HttpCode(200)
  otherLogin(): object {
    return { ok: true };
  }

  @Post('files')
  @Multipart()
  @Created('/v1/files')
  @UseInterceptors(FileInterceptor('file', { limits: { fileSize: 1000 } }))
  upload(@UploadedFile() file: { size: number } | undefined): object {
    return { id: ID, size: file?.size ?? 0 };
  }
}

export interface EdgeApp {
  app: NestExpressApplication;
  url: string;
  config: Config;
  /** Everything that was logged so far. */
  log: () => string;
  ready: { fails: boolean; hangs: boolean };
}

/** A small application behind the real edge. */
export async function startEdge(
  env: NodeJS.ProcessEnv = {},
  limits: ServerLimits = SERVER_LIMITS,
): Promise<EdgeApp> {
  const config = loadConfig({
    NODE_ENV: 'test',
    PORT: '0',
    RATE_LIMIT_PER_MINUTE: '0',
    LOG_LEVEL: 'info',
    ...env,
  });
  const ready = { fails: false, hangs: false };
  const check = {
    name: 'database',
    check: async () => {
      if (ready.hangs) await new Promise(() => undefined);
      if (ready.fails) throw new Error('secret host');
      return {};
    },
  };
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });

  @Module({ providers: [{ provide: 'CHECK', useValue: check }], exports: ['CHECK'] })
  class CheckModule {}

  @Module({
    imports: [HttpModule, HealthModule.asking(['CHECK'], [CheckModule])],
    controllers: [ThingsController],
    providers: [{ provide: APP_GUARD, useExisting: AddressThrottlerGuard }],
  })
  class EdgeTestModule {}

  replaceProcessConfig({ ...config, masterKey: randomBytes(32).toString('base64') });
  const app = await NestFactory.create<NestExpressApplication>(
    EdgeTestModule as Type<unknown>,
    new EdgeAdapter(config, limits),
    { bodyParser: false, logger: false },
  );
  configureHttp(app, config, {
    logger: createLogger(config, sink),
    translators: [
      (error) =>
        error instanceof RangeError ? new errors.ConflictError('Translated.', 'translated') : undefined,
    ],
  });
  const url = await listen(app, config);
  return { app, url, config, log: () => lines.join(''), ready };
}
