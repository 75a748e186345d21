import { createHash, randomBytes } from 'node:crypto';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request, RequestHandler, Response } from 'express';
import { stringify } from 'yaml';
import { NotFoundError } from '../../kernel/errors.js';
import { ASSETS, ASSETS_VERSION, page } from './docs-assets.js';
import { errorsPage } from './errors-page.js';
import { buildOpenApi } from './openapi.js';

/** Only what the page needs; scripts are named one by one by a nonce, so no file of this origin becomes a script. */
const contentSecurityPolicy = (scriptSource: string): string =>
  [
    "default-src 'none'",
    `script-src ${scriptSource}`,
    "style-src 'self'",
    "img-src 'self' data:", // Swagger UI's icons are data: addresses within its style sheet
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

/**
 * Serves the documentation: `/docs`, `/docs/errors`, `/openapi.json`, `/openapi.yaml`. Switched off, none of
 * these exists. To be called after the middlewares that set the security headers, and before the application
 * starts to listen; the document is made at the first request, when all routes are known.
 */
export function setupDocs(app: NestExpressApplication, config: { docsEnabled: boolean }): void {
  if (!config.docsEnabled) return;
  const server = app.getHttpAdapter().getInstance();
  const document = once(() => buildOpenApi(app));
  const json = once(() => entityOf(JSON.stringify(document())));
  const yaml = once(() => entityOf(stringify(document(), { aliasDuplicateObjects: false })));
  const errors = once(() => entityOf(errorsPage()));

  server.get('/openapi.json', (request, response) => send(request, response.type('json'), json()));
  server.get('/openapi.yaml', (request, response) =>
    send(request, response.type('application/yaml'), yaml()),
  );
  server.get('/docs', sendDocsPage);
  server.get('/docs/errors', (request, response) => {
    response.set('Content-Security-Policy', contentSecurityPolicy("'none'"));
    send(request, response.type('html'), errors());
  });
  server.get('/docs/assets/:version/:name', sendAsset);
}

const sendDocsPage: RequestHandler = (_request, response) => {
  const nonce = randomBytes(16).toString('base64');
  response.set('Content-Security-Policy', contentSecurityPolicy(`'nonce-${nonce}'`));
  response.set('Cache-Control', 'no-store'); // a nonce is good for one answer
  response.type('html').send(page('docs.html', { nonce }));
};

const sendAsset: RequestHandler<{ version: string; name: string }> = ({ params }, response, next) => {
  const file = ASSETS.get(params.name);
  // The address fits this route, so whoever is asked next would refuse the method instead.
  if (!file) return next(new NotFoundError());
  const isCurrent = params.version === ASSETS_VERSION;
  response.sendFile(file, {
    cacheControl: false,
    dotfiles: 'allow', // the installation's own path may have a dot folder in it
    headers: { 'Cache-Control': isCurrent ? 'public, max-age=31536000, immutable' : 'no-cache' },
  });
};

interface Entity {
  body: string;
  etag: string;
}

const entityOf = (body: string): Entity => ({
  body,
  etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
});

function send(request: Request, response: Response, { body, etag }: Entity): void {
  response.set({ ETag: etag, 'Cache-Control': 'no-cache' });
  if (request.fresh) response.status(304).end();
  else response.send(body);
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
