import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';

const ONE_YEAR_SECONDS = 31_536_000;

/** An answer of this API is data; what a browser makes of it as a page may load and embed nothing. */
const CONTENT_SECURITY_POLICY = "default-src 'none'; frame-ancestors 'none'";

const setHelmetHeaders = helmet({
  contentSecurityPolicy: false,
  frameguard: { action: 'deny' },
  referrerPolicy: { policy: 'no-referrer' },
  strictTransportSecurity: { maxAge: ONE_YEAR_SECONDS, includeSubDomains: true },
});

/** Sets the security headers of every answer. An answer that is a page sets its own Content-Security-Policy. */
export function setSecurityHeaders(
  request: IncomingMessage,
  response: ServerResponse,
  next: () => void,
): void {
  response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY);
  setHelmetHeaders(request, response, next);
}

/** The same headers as lines, for answers that are written to the socket before there is a response to set them on. */
export function securityHeaderLines(): string[] {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  setSecurityHeaders(response.req, response, () => undefined);
  return Object.entries(response.getHeaders()).map(([name, value]) => `${name}: ${String(value)}`);
}
