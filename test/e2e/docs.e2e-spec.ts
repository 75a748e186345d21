import { parse } from 'yaml';
import { serverUrl } from '../support/client.js';

/** What it says holds for every route there is. */
const base = serverUrl();

interface Operation {
  operationId: string;
  summary: string;
  security?: unknown[];
  'x-permission': string;
  responses: Record<string, { description?: string; $ref?: string }>;
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { securitySchemes: Record<string, unknown> };
}

describe('the OpenAPI document', () => {
  let text: string;
  let document: Document;
  let operations: [string, Operation][];

  beforeAll(async () => {
    text = await (await fetch(`${base}/openapi.json`)).text();
    document = JSON.parse(text) as Document;
    operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.values(item).map((operation): [string, Operation] => [path, operation]),
    );
  });

  it('is OpenAPI 3.1 with a scheme for people and one for programs, and without 3.0 words', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.components.securitySchemes)).toEqual(['bearer', 'apiKey']);
    expect(text).not.toContain('"nullable"');
  });

  it('says the same in YAML', async () => {
    const response = await fetch(`${base}/openapi.yaml`);
    expect(response.headers.get('content-type')).toMatch(/^application\/yaml/);
    expect(parse(await response.text())).toEqual(document);
  });

  it('names every operation once, and says who may call it and what can go wrong', () => {
    expect(operations.length).toBeGreaterThan(3);
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [path, operation] of operations) {
      expect(operation.operationId).toMatch(/^[a-zA-Z]+_\w+$/);
      expect(operation.summary).not.toBe('');
      expect(operation['x-permission']).toMatch(/^(public|authenticated|[a-z_]+:[a-z]+)$/);
      const isPublic = operation['x-permission'] === 'public';
      // Undefined: as the document says for all, by either scheme.
      const isForPeople = /^(authenticated|tenants:.*|(api|signing)_keys:.*|agent_credentials:.*)$/.test(
        operation['x-permission'],
      );
      const asksProof = (operation as { 'x-step-up'?: boolean })['x-step-up'] === true;
      const security =
        (isForPeople || asksProof) && operation.operationId !== 'me_get' ? [{ bearer: [] }] : undefined;
      expect(operation.security).toEqual(isPublic ? [] : security);
      const expected = [
        '429',
        '500',
        ...(isPublic ? [] : ['401', '403']),
        ...(path.includes('{') ? ['404', '422'] : []),
      ];
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(expected));
    }
  });

  it('refers only to what it holds', () => {
    for (const [, reference = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const target = reference
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], document);
      expect(target).toBeDefined();
    }
  });

  it('answers 304 to whoever has it', async () => {
    const etag = (await fetch(`${base}/openapi.json`)).headers.get('etag') ?? '';
    // fetch would add `no-cache` of its own, which asks for the whole answer
    const headers = { 'If-None-Match': etag, 'Cache-Control': 'max-age=0' };
    const again = await fetch(`${base}/openapi.json`, { headers });
    expect(again.status).toBe(304);
  });
});

describe('the docs pages', () => {
  it('are HTML under a policy that allows scripts by nonce alone', async () => {
    const [first, second] = await Promise.all([fetch(`${base}/docs`), fetch(`${base}/docs`)]);
    const policy = first.headers.get('content-security-policy') ?? '';
    expect(policy).not.toContain('unsafe');
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1] ?? 'none';
    expect(second.headers.get('content-security-policy')).not.toContain(nonce);
    expect(first.headers.get('x-content-type-options')).toBe('nosniff');
    const html = await first.text();
    const scripts = html.match(/<script\b[^>]*>/g) ?? [];
    expect(scripts.length).toBeGreaterThan(0);
    for (const script of scripts) expect(script).toContain(`nonce="${nonce}"`);
    for (const [, address = ''] of html.matchAll(/(?:src|href)="(\/docs\/assets\/[^"]+)"/g)) {
      const asset = await fetch(base + address);
      expect(asset.status).toBe(200);
      expect(asset.headers.get('cache-control')).toContain('immutable');
      await asset.arrayBuffer();
    }
  });

  it.each(['swagger-initializer.js', 'docs.html', '..%2fdocs.setup.js'])(
    'serve no other file: %s',
    async (name) => {
      expect((await fetch(`${base}/docs/assets/x/${name}`)).status).toBe(404);
    },
  );

  it('explain every code under the anchor that problem types name', async () => {
    const document = JSON.stringify(await (await fetch(`${base}/openapi.json`)).json());
    const html = await (await fetch(`${base}/docs/errors`)).text();
    const codes = [...document.matchAll(/\/docs\/errors#([a-z_]+)/g)].map(([, code]) => code);
    expect(codes.length).toBeGreaterThan(10);
    for (const code of codes) expect(html).toContain(`<section id="${code}"`);
  });
});
