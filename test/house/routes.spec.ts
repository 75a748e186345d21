import { readFileSync } from 'node:fs';
import { Controller, Get, Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AccessModule } from '../../src/platform/access/access.module.js';
import type { RouteEntry } from '../../src/platform/access/route-table.js';
import { Allow } from '../../src/platform/http/route.js';
import { routeTableOf } from '../support/routes.js';

const SNAPSHOT = 'test/house/routes.snap.md';

function asMarkdown(routes: readonly RouteEntry[]): string {
  const rows = routes.map(({ method, path, access, owner }) => {
    const may = access?.rule === 'permission' ? access.permission : access?.rule;
    return `| ${method} | ${path} | ${may} | ${owner?.name ?? ''} |`;
  });
  return ['| method | path | who may | owner of :id |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

describe('routes', () => {
  it('are those that were reviewed, each with its access', async () => {
    expect(asMarkdown(await routeTableOf())).toBe(readFileSync(SNAPSHOT, 'utf8'));
  });

  describe('that leave something open stop the start:', () => {
    @Controller('silent')
    class SilentController {
      @Get()
      read(): string {
        return 'to anyone';
      }
    }
    @Controller('ownerless')
    class OwnerlessController {
      @Get(':id')
      @Allow('vendors:read')
      read(): string {
        return 'to anyone who guesses an id';
      }
    }

    it.each([
      ['one that says nothing of access', SilentController, 'says nothing about access'],
      ['one that does not say who owns its :id', OwnerlessController, 'does not say who owns its :id'],
    ])('%s', async (_, controller, reason) => {
      @Module({ imports: [AccessModule], controllers: [controller] })
      class SampleModule {}
      const start = async (): Promise<INestApplicationContext> => {
        const app = await NestFactory.createApplicationContext(SampleModule, {
          logger: false,
          abortOnError: false,
        });
        return app;
      };
      await expect(start()).rejects.toThrow(reason);
    });
  });
});
