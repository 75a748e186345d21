import type { Answer, Resource } from '../support/client.js';
import { expectProblem, pointersOf } from '../support/problem.js';
import { world, type TenantWorld } from '../support/world.js';

interface List {
  data: Resource[];
  page: { nextCursor: string | null; limit: number };
}
const listOf = (answer: Answer): List => {
  expect(answer.status).toBe(200);
  return answer.body as List;
};

const ITEMS = 45;
const PAGE = 7;
const SORTS = ['createdAt', '-createdAt', 'name', '-name'] as const;
/** Names in an order that is not that of their making, some of them the same. */
const nameOf = (index: number): string => `Item ${String((index * 17) % 40).padStart(3, '0')}`;

describe('lists', () => {
  let tenant: TenantWorld;
  let made: Resource[];

  beforeAll(async () => {
    tenant = await world.tenant();
    made = [];
    for (let index = 0; index < ITEMS; index++) made.push(await tenant.vendor({ name: nameOf(index) }));
  });

  it.each(SORTS)('in the order %s show each of 45 items once, while others are inserted', async (sort) => {
    const seen: Resource[] = [];
    let path = `/v1/vendors?sort=${sort}&limit=${PAGE}`;
    for (let page = 0; ; page++) {
      expect(page).toBeLessThan(50);
      const { data, page: info } = listOf(await tenant.admin.get(path));
      seen.push(...data);
      expect(info.limit).toBe(PAGE);
      if (info.nextCursor === null) break;
      expect(data).toHaveLength(PAGE);
      path = `/v1/vendors?sort=${sort}&limit=${PAGE}&cursor=${encodeURIComponent(info.nextCursor)}`;
      // Before, among and behind the page just read.
      if (page < 3) for (const name of ['A', nameOf(page * 5), 'Z']) await tenant.vendor({ name });
    }
    const ids = seen.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(made.filter(({ id }) => !ids.includes(id))).toEqual([]);
    const field = sort.replace('-', '');
    const values = seen.map((item) => String(item[field]));
    const ordered = [...values].sort();
    expect(values).toEqual(sort.startsWith('-') ? ordered.reverse() : ordered);
  });

  it('hold 20 items when no limit is asked for, newest first', async () => {
    const { data, page } = listOf(await tenant.admin.get('/v1/vendors'));
    expect(data).toHaveLength(20);
    expect(page.limit).toBe(20);
    const times = data.map(({ createdAt }) => createdAt as string);
    expect(times).toEqual([...times].sort().reverse());
  });

  it('name the next page in a Link header, and none on the last', async () => {
    const first = await tenant.admin.get('/v1/vendors?limit=2&sort=createdAt');
    const link = /<([^>]+)>;\s*rel="?next"?/.exec(first.headers.get('link') ?? '')?.[1];
    expect(link).toBeDefined();
    const { pathname, search } = new URL(link!, 'http://any');
    const second = listOf(await tenant.admin.get(pathname + search));
    expect(second.data.map(({ id }) => id)).toEqual([made[2]!.id, made[3]!.id]);
    const other = await world.tenant();
    await other.vendor();
    const only = await other.admin.get('/v1/vendors');
    expect(listOf(only).page.nextCursor).toBeNull();
    expect(only.headers.get('link') ?? '').not.toContain('next');
  });

  it('refuse a cursor of another order, of nobody, and one that was changed', async () => {
    const { page } = listOf(await tenant.admin.get('/v1/vendors?limit=2&sort=name'));
    const cursor = page.nextCursor!;
    for (const wrong of [`${cursor}&sort=-name`, 'bm90IGEgY3Vyc29y', `x${cursor}`]) {
      const answer = await tenant.admin.get(`/v1/vendors?limit=2&cursor=${wrong}`);
      expectProblem(answer, 422, 'validation_failed');
      expect(pointersOf(answer)).toContain('/query/cursor');
    }
  });

  it('take the text of q literally', async () => {
    const other = await world.tenant();
    const names = ['50% off', '500 off', 'a_b', 'axb', 'back\\slash', "O'Neill", 'Ünïcode'];
    for (const name of names) await other.vendor({ name, contactEmail: 'someone@ringfence.test' });
    const found = async (q: string): Promise<string[]> =>
      listOf(await other.admin.get(`/v1/vendors?q=${encodeURIComponent(q)}`))
        .data.map(({ name }) => name)
        .sort();
    expect(await found('%')).toEqual(['50% off']);
    expect(await found('0% o')).toEqual(['50% off']);
    expect(await found('_')).toEqual(['a_b']);
    expect(await found('\\')).toEqual(['back\\slash']);
    expect(await found("o'n")).toEqual(["O'Neill"]);
    expect(await found('ünï')).toEqual(['Ünïcode']);
    expect(await found('OFF')).toEqual(['50% off', '500 off']);
    expect(await found('%%')).toEqual([]);
  });

  it('are narrowed by each filter, and by all together', async () => {
    const other = await world.tenant();
    const one = await other.vendor({ status: 'active' });
    const two = await other.vendor({ status: 'pending' });
    const bot = await other.agent(one, { kind: 'software', status: 'pending' });
    const person = await other.agent(one, { kind: 'human', status: 'active' });
    const elsewhere = await other.agent(two, { kind: 'software', status: 'active' });
    const ids = async (path: string): Promise<string[]> =>
      listOf(await other.admin.get(`/v1/${path}&sort=createdAt`)).data.map(({ id }) => id);
    expect(await ids('vendors?status=pending')).toEqual([two.id]);
    expect(await ids('vendors?status=suspended')).toEqual([]);
    expect(await ids(`agents?vendorId=${one.id}`)).toEqual([bot.id, person.id]);
    expect(await ids('agents?kind=software')).toEqual([bot.id, elsewhere.id]);
    expect(await ids('agents?status=active')).toEqual([person.id, elsewhere.id]);
    expect(await ids(`agents?kind=software&status=pending&vendorId=${one.id}`)).toEqual([bot.id]);
    expect(await ids(`agents?q=${encodeURIComponent(person.name)}`)).toEqual([person.id]);
  });

  it('keep the filter on the pages that follow', async () => {
    const first = listOf(await tenant.admin.get('/v1/vendors?q=Item%20000&limit=1&sort=createdAt'));
    expect(first.data[0]?.name).toBe('Item 000');
    const cursor = encodeURIComponent(first.page.nextCursor!);
    const second = listOf(
      await tenant.admin.get(`/v1/vendors?q=Item%20000&limit=1&sort=createdAt&cursor=${cursor}`),
    );
    expect(second.data.map(({ name }) => name)).toEqual(['Item 000']);
    expect(second.data[0]?.id).not.toBe(first.data[0]?.id);
  });
});
