import type { NestExpressApplication } from '@nestjs/platform-express';
import { AgentsRepository } from '../../src/features/agents/agents.repository.js';
import { FilesRepository } from '../../src/features/files/files.repository.js';
import { VendorsRepository } from '../../src/features/vendors/vendors.repository.js';
import { FieldsGuard } from '../../src/platform/access/fields.guard.js';
import { OwnershipGuard } from '../../src/platform/access/ownership.guard.js';
import { PermissionsGuard } from '../../src/platform/access/permissions.guard.js';
import { RouteTable, type RouteEntry } from '../../src/platform/access/route-table.js';
import { AgentCredentialsRepository } from '../../src/platform/api-keys/agents/agent-credentials.repository.js';
import { ApiKeysRepository } from '../../src/platform/api-keys/api-keys.repository.js';
import { SigningKeysRepository } from '../../src/platform/api-keys/signing/signing-keys.repository.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { replaceProcessConfig } from '../../src/platform/config/config.module.js';
import { ACCESS_KEY, OWNER_KEY } from '../../src/platform/http/route.js';
import { UsersRepository } from '../../src/platform/users/users.repository.js';
import { createApp } from '../../src/serving/create-app.js';
import { keyOf } from '../matrix/cells.js';
import { fieldFaultsOf, permissionWithFields } from '../matrix/fields.js';
import { FIXTURES } from '../matrix/fixtures.js';
import { faultsOf } from '../matrix/row.js';
import { Stage } from '../matrix/stage.js';
import { talkTo } from '../support/client.js';
import { sharedDatabase } from '../support/database.js';
import { UNHURRIED } from '../support/server.js';

/** Takes one thing away; what it returns puts it back. */
type Mutation = () => () => void;

const declaring =
  ({ handler }: RouteEntry, key: string, value: unknown): Mutation =>
  () => {
    const original: unknown = Reflect.getMetadata(key, handler);
    Reflect.defineMetadata(key, value, handler);
    return () => Reflect.defineMetadata(key, original, handler);
  };

const replacing =
  <T extends object, K extends keyof T>(prototype: T, name: K, value: T[K]): Mutation =>
  () => {
    const original = prototype[name];
    prototype[name] = value;
    return () => {
      prototype[name] = original;
    };
  };

describe('the access matrix turns red', () => {
  let app: NestExpressApplication;
  let routes: RouteEntry[];
  let stage: Stage | undefined;

  beforeAll(async () => {
    const { url: databaseUrl, dataDir } = await sharedDatabase();
    const config = { ...loadConfig({ ...UNHURRIED, DATA_DIR: dataDir, LOG_LEVEL: 'silent' }), databaseUrl };
    replaceProcessConfig(config);
    app = await createApp(config);
    await app.listen(0, '127.0.0.1');
    talkTo({ url: await app.getUrl() });
    routes = app.get(RouteTable).entries();
  });

  afterAll(() => app.close());

  /** The first fault that the matrix finds in these rows while the mutation is in force; undefined when it survives. */
  async function caught(mutation: Mutation, rows: readonly RouteEntry[]): Promise<string | undefined> {
    stage ??= await Stage.build();
    const before = await stage.state();
    const restore = mutation();
    try {
      for (const route of rows) {
        for await (const fault of faultsOf(stage, route, false)) return fault;
        if (!permissionWithFields(route)) continue;
        for await (const fault of fieldFaultsOf(stage, route)) return fault;
      }
      return undefined;
    } finally {
      restore();
      // What somebody did who may not do it is no stage for the next mutation.
      if ((await stage.state()) !== before) stage = undefined;
    }
  }

  async function survivorsOf(mutations: readonly (readonly [RouteEntry, Mutation])[]): Promise<string[]> {
    const survivors: string[] = [];
    for (const [route, mutation] of mutations)
      if ((await caught(mutation, [route])) === undefined) survivors.push(keyOf(route));
    return survivors;
  }

  it('when any one route stops asking for its permission', async () => {
    const mutations = routes
      .filter(({ access }) => access?.rule === 'permission')
      .map((route) => [route, declaring(route, ACCESS_KEY, { rule: 'authenticated' })] as const);
    expect(mutations.length).toBeGreaterThan(30);
    expect(await survivorsOf(mutations)).toEqual([]);
  }, 240_000);

  it('when any one route stops asking who calls', async () => {
    const mutations = routes
      .filter(({ access }) => access?.rule === 'authenticated')
      .map((route) => [route, declaring(route, ACCESS_KEY, { rule: 'public' })] as const);
    expect(await survivorsOf(mutations)).toEqual([]);
  }, 120_000);

  it('when any one route stops asking whose the thing in its path is', async () => {
    const mutations = routes
      .filter(({ owner }) => owner)
      .map((route) => [route, declaring(route, OWNER_KEY, undefined)] as const);
    expect(mutations.length).toBeGreaterThan(15);
    expect(await survivorsOf(mutations)).toEqual([]);
  }, 240_000);

  it.each([
    ['permissions', replacing(PermissionsGuard.prototype, 'canActivate', () => true)],
    ['ownership', replacing(OwnershipGuard.prototype, 'canActivate', () => Promise.resolve(true))],
    ['fields', replacing(FieldsGuard.prototype, 'canActivate', () => true)],
  ])('when the guard of %s is taken out', async (_, mutation) => {
    expect(await caught(mutation, routes)).toBeDefined();
  });

  it.each([
    ['vendors', VendorsRepository],
    ['agents', AgentsRepository],
    ['files', FilesRepository],
    ['users', UsersRepository],
    ['api_keys', ApiKeysRepository],
    ['signing_keys', SigningKeysRepository],
    ['agent_credentials', AgentCredentialsRepository],
  ])('when the query of %s forgets whose they are', async (name, repository) => {
    const rows = routes.filter((route) => FIXTURES[keyOf(route)]!.thing === name.slice(0, -1));
    const mutation = replacing(
      repository.prototype as unknown as { ownedBy: () => void },
      'ownedBy',
      () => {},
    );
    expect(await caught(mutation, rows)).toBeDefined();
  });
});
