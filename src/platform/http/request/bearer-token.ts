import type { Request } from 'express';

/** RFC 6750: the scheme in any case, one token, nothing after it. */
export const bearerTokenOf = (request: Request): string | null =>
  /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;
