import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const own = join(__dirname, 'assets');
const swaggerUi = dirname(require.resolve('swagger-ui-dist/package.json'));

/** The files that the page may load, and where they lie. Nothing else of either folder is served. */
export const ASSETS: ReadonlyMap<string, string> = new Map([
  ...['docs.css', 'docs.js', 'passkeys.js', 'problem.js', 'second-factor.js', 'session.js', 'theme.js'].map(
    (name) => [name, join(own, name)] as const,
  ),
  ...['swagger-ui.css', 'swagger-ui-bundle.js'].map((name) => [name, join(swaggerUi, name)] as const),
]);

/** Changes whenever any asset changes; part of the assets' address, so that they can be cached for ever. */
export const ASSETS_VERSION = [...ASSETS.values()]
  .reduce((hash, file) => hash.update(readFileSync(file)), createHash('sha256'))
  .digest('hex')
  .slice(0, 16);

/** A page of ours with its `{{placeholders}}` filled in; the values must be HTML already. */
export function page(name: 'docs.html' | 'errors.html', values: Readonly<Record<string, string>>): string {
  const all: Readonly<Record<string, string>> = { ...values, assets: `/docs/assets/${ASSETS_VERSION}` };
  return readFileSync(join(own, name), 'utf8').replace(/\{\{(\w+)\}\}/g, (_, key: string) => all[key] ?? '');
}
