import type { NextFunction, Request, Response } from 'express';
import { NotFoundError } from '../../../kernel/errors.js';
import { ProtocolError } from './protocol.error.js';

/** The part of Express 5's router that tells routes from middleware. */
interface RouterLayer {
  route?: { methods: Readonly<Record<string, boolean>> };
  match(path: string): unknown;
}

/** The methods that some route takes at this path, as `Allow` lists them; empty where there is no route. */
function methodsAt(request: Request): string[] {
  const { stack } = request.app.router as unknown as { stack: readonly RouterLayer[] };
  const methods = new Set<string>();
  for (const { route, match } of stack.map((layer) => ({
    route: layer.route,
    match: layer.match.bind(layer),
  })))
    // `_all` marks a middleware that was bound to a path, not a route.
    if (route && !route.methods['_all'] && match(request.path))
      for (const method of Object.keys(route.methods)) methods.add(method.toUpperCase());
  if (methods.size === 0) return [];
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods, 'OPTIONS'].sort();
}

/** Runs after all routes: OPTIONS learns what is allowed, a wrong method gets 405, an unknown path 404. */
export function answerUnmatched(request: Request, response: Response, next: NextFunction): void {
  const allowed = methodsAt(request).join(', ');
  if (allowed === '') return next(new NotFoundError());
  if (request.method !== 'OPTIONS')
    return next(
      new ProtocolError(405, 'method_not_allowed', `This resource takes ${allowed}.`, { Allow: allowed }),
    );
  response.status(204).setHeader('Allow', allowed).end();
}
