import { send as ask } from '../support/client.js';
import { expectProblem } from '../support/problem.js';
import { HOSTILE_FILES } from '../support/hostile-files.js';
import { form, stored } from '../support/stored-files.js';
import { world, type TenantWorld } from '../support/world.js';

let tenant: TenantWorld;
let path: string;
beforeAll(async () => {
  tenant = await world.tenant();
  path = `/v1/vendors/${(await tenant.vendor()).id}/files`;
});

describe('a hostile upload', () => {
  it('is one of more than two hundred', () => {
    expect(HOSTILE_FILES.length).toBeGreaterThan(200);
    expect(new Set(HOSTILE_FILES.map(([what]) => what)).size).toBe(HOSTILE_FILES.length);
  });

  it.each(HOSTILE_FILES)('of %s is refused', async (_, bytes, name, status) => {
    expectProblem(await tenant.admin.post(path, form(bytes, name)), status);
  });

  it('of whatever kind has left nothing, and hurt nobody', async () => {
    expect(await stored(tenant.id)).toEqual([]);
    expect((await ask('GET', '/health/ready')).status).toBe(200);
    expect((await tenant.admin.get(path)).body).toMatchObject({ data: [] });
  });
});
