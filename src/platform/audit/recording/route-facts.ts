import type { Request } from 'express';
import { isUUID } from 'class-validator';

/** The route that took the request, as `PATCH /v1/vendors/:id`; only the method when none did. Never the path as sent. */
export function routeOf(request: Request): string {
  const { path } = (request.route ?? {}) as { path?: string };
  return path === undefined ? request.method : `${request.method} ${path}`;
}

/** The thing that the path names, as far as it names one by a UUID. */
export function targetOf(request: Request): { type: string; id: string } | undefined {
  const { path } = (request.route ?? {}) as { path?: string };
  const { id } = request.params;
  const collection = path && /^\/v\d+\/((?:[a-z-]+\/)*[a-z-]+)\/:id\b/.exec(path)?.[1];
  if (!collection || typeof id !== 'string' || !isUUID(id)) return undefined;
  return { type: singular(collection.split('/').at(-1)!), id };
}

/** `api-keys` is `api_key`. */
const singular = (collection: string): string => collection.replace(/s$/, '').replaceAll('-', '_');
