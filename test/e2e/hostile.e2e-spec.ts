import { send, type Answer, type Client } from '../support/client.js';
import { FORMS, LISTS, PASSWORD, type Caller, type Form } from '../support/forms.js';
import {
  BAD_IDS,
  MALFORMED,
  NOT_STORABLE,
  NOT_TEXT,
  NOT_WORDS,
  QUERIES,
  STRANGE,
} from '../support/hostile.js';
import { expectProblem, pointersOf } from '../support/problem.js';
import { unique, world, type TenantWorld } from '../support/world.js';

const OVERSIZED_BYTES = 12 * 1024 * 1024;

let tenant: TenantWorld;
let ids: Record<string, string>;

const clientOf = async (caller: Caller): Promise<Client | undefined> =>
  caller === 'anyone' ? undefined : caller === 'admin' ? tenant.admin : world.operator();

async function submit(form: Form, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const path = form.path.replace(/\{(\w+)\}/, (_, what: string) => ids[what]!);
  const token = (await clientOf(form.caller))?.token;
  return send(form.method, path, { token, body, headers });
}

/** The form's body as JSON with one field's value replaced by raw text, which need not be valid JSON for a number. */
function withField({ body }: Form, field: string, raw: string): string {
  const others = Object.entries(body).filter(([name]) => name !== field);
  const members = others.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `{${[...members, `${JSON.stringify(field)}:${raw}`].join()}}`;
}

/** Refused for that field: 422, and a pointer to it or to what is in it. */
function expectFault(answer: Answer, pointer: string): void {
  expectProblem(answer, 422, 'validation_failed');
  const pointers = pointersOf(answer);
  expect({ pointers, has: pointers.some((one) => one === pointer || one.startsWith(`${pointer}/`)) }).toEqual(
    {
      pointers,
      has: true,
    },
  );
}

beforeAll(async () => {
  tenant = await world.tenant();
  const vendor = await tenant.vendor();
  const agent = await tenant.agent(vendor);
  const user = await tenant.as('viewer');
  const spare = await world.tenant();
  ids = { tenant: spare.id, vendor: vendor.id, agent: agent.id, user: user.me.id };
});

afterEach(async () => {
  expect((await send('GET', '/health/live')).status).toBe(200);
});

describe.each(FORMS.map((form) => [form.method, form.path, form] as const))(
  '%s %s',
  (_method, _path, form) => {
    it('refuses fields that it does not know, by their pointer', async () => {
      for (const field of [
        'unknown',
        'id',
        'tenantId',
        'createdAt',
        'schemaName',
        'passwordHash',
        'a/b',
        'a~b',
      ]) {
        const pointer = `/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
        expectFault(await submit(form, withField(form, field, '"x"')), pointer);
      }
    });

    it.each(form.text)('refuses what is no text in %s', async (field) => {
      for (const raw of NOT_TEXT) expectFault(await submit(form, withField(form, field, raw)), `/${field}`);
    });

    it.each(form.text)('refuses NUL and lone surrogates in %s', async (field) => {
      for (const raw of NOT_STORABLE)
        expectFault(await submit(form, withField(form, field, raw)), `/${field}`);
    });

    it.each(form.text)('refuses %s of 100,000 characters', async (field) => {
      const answer = await submit(form, withField(form, field, JSON.stringify('x'.repeat(100_000))));
      if (answer.status === 413) expectProblem(answer, 413, 'payload_too_large');
      else expectFault(answer, `/${field}`);
    });

    if (form.words)
      it.each(form.words)('refuses what is no list of words in %s', async (field) => {
        for (const raw of [...NOT_WORDS, ...NOT_STORABLE.map((word) => `[${word}]`)]) {
          expectFault(await submit(form, withField(form, field, raw)), `/${field}`);
        }
      });

    it.each(MALFORMED.map((text) => [text]))('refuses the malformed %j with 400', async (text) => {
      expectProblem(await submit(form, text), 400, 'malformed_json');
    });

    it.each(Object.entries(STRANGE))('refuses %s as its body', async (_name, text) => {
      expectProblem(await submit(form, text));
    });

    it.each(['__proto__', 'constructor', 'prototype'])(
      'refuses %s in a body that is right',
      async (field) => {
        expectProblem(await submit(form, withField(form, field, '{"isAdmin":true}')));
      },
    );

    it('refuses a body that is too large with 413', async () => {
      const answer = await submit(form, withField(form, form.text[0]!, `"${'x'.repeat(OVERSIZED_BYTES)}"`));
      expectProblem(answer, 413, 'payload_too_large');
    });

    it('refuses other content types with 415', async () => {
      const text = JSON.stringify(form.body);
      for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded']) {
        expectProblem(await submit(form, text, { 'content-type': type }), 415, 'unsupported_media_type');
      }
    });
  },
);

describe('POST /v1/tenants', () => {
  it.each(['email', 'password'])('refuses what is no text in admin.%s', async (field) => {
    const operator = await world.operator();
    const right = { email: '"a@ringfence.test"', password: JSON.stringify(PASSWORD) };
    for (const raw of [...NOT_TEXT, ...NOT_STORABLE]) {
      const members = Object.entries({ ...right, [field]: raw }).map(([name, value]) => `"${name}":${value}`);
      const body = `{"slug":"${unique('never')}","name":"N","admin":{${members.join()}}}`;
      expectFault(await operator.post('/v1/tenants', body), `/admin/${field}`);
    }
  });
});

describe.each(LISTS)('GET %s', (path, caller) => {
  it.each(QUERIES)('refuses ?%s', async (query, parameter) => {
    const answer = await (await clientOf(caller))!.get(`${path}?${query}`);
    expectFault(answer, `/query/${parameter}`);
  });

  it('refuses a query that is not well encoded', async () => {
    for (const query of ['limit=%E0%A4%A', 'cursor=%ff%fe']) {
      expectProblem(await (await clientOf(caller))!.get(`${path}?${query}`));
    }
  });

  it.each(BAD_IDS)('answers 4xx to the id %s', async (id) => {
    const client = (await clientOf(caller))!;
    expectProblem(await client.get(`${path}/${id}`));
    expectProblem(await client.patch(`${path}/${id}`, { name: 'x' }));
    expectProblem(await client.delete(`${path}/${id}`));
  });
});

describe('GET with text to look for', () => {
  it.each(['/v1/vendors', '/v1/agents'])('%s refuses NUL, lists and overlong text', async (path) => {
    for (const query of ['q=%00', 'q=a&q=b', `q=${'x'.repeat(5_000)}`]) {
      expectFault(await tenant.admin.get(`${path}?${query}`), '/query/q');
    }
    expectFault(await tenant.admin.get(`${path}?status=none`), '/query/status');
  });
});

describe('tokens', () => {
  it.each(['', 'x', 'Bearer', 'Bearer ', 'Bearer x.y.z', 'Basic YTpi', `Bearer ${'a'.repeat(6_000)}`])(
    'refuses Authorization: %s with 401',
    async (authorization) => {
      const answer = await send('GET', '/v1/me', { headers: { authorization } });
      expectProblem(answer, 401, 'unauthenticated');
    },
  );

  it('refuses a token whose last character is spelled otherwise, and one signed with nothing', async () => {
    const { token } = tenant.admin;
    const [header, payload] = token.split('.') as [string, string];
    const none = Buffer.from(JSON.stringify({ ...decoded(header), alg: 'none' })).toString('base64url');
    for (const forged of [`${header}.${payload}.`, `${none}.${payload}.`, `${token}=`, `${token}A`]) {
      expectProblem(await send('GET', '/v1/me', { token: forged }), 401, 'unauthenticated');
    }
  });
});

const decoded = (part: string): object => JSON.parse(Buffer.from(part, 'base64url').toString()) as object;
