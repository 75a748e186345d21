import type { Request } from 'express';

/** Whether bytes follow the head (RFC 9112, 6.3). */
export function hasBody(request: Request): boolean {
  return (
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
  );
}
