import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { problem, PROBLEM_MEDIA_TYPE } from '../response/problem.js';
import { securityHeaderLines } from '../response/security-headers.js';
import { ProtocolError } from './protocol.error.js';

/** Time for a refused client to read why. */
const LINGER_MS = 1000;
/** A name, an IPv4 address or a bracketed IPv6 one, and a port; or nothing, where the target has no authority. */
const HOST = /^(?:(?:[\w.~-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?)?$/i;

/** Answers without the handler, and parts with the client: at once cut, it might lose the answer; never cut, it might stay. */
export function refuse(socket: Duplex, fault: ProtocolError): void {
  // Outside the handler nobody else listens, and an unheard error would end the process.
  socket.on('error', () => socket.destroy());
  socket.end(rawAnswer(fault));
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** Requests of which two machines on their way could read two different targets. */
export function addressingFault(request: IncomingMessage): ProtocolError | undefined {
  const hosts = request.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  if (hosts.length > 1)
    return new ProtocolError(400, 'malformed_request', 'There is more than one Host header.');
  if (request.httpVersionMajor !== 1 || !HOST.test(request.headers.host ?? ''))
    return new ProtocolError(400, 'malformed_request', 'The HTTP version or the Host header is malformed.');
  const { url = '' } = request;
  if (url.startsWith('/') || url === '*') return undefined;
  const target = /^https?:\/\//i.test(url) && URL.canParse(url) ? new URL(url) : undefined;
  const own = `${target?.protocol}//${request.headers.host}`;
  if (!target || !URL.canParse(own) || new URL(own).host !== target.host)
    return new ProtocolError(400, 'malformed_request', 'The request target does not belong to this host.');
  request.url = target.pathname + target.search;
  return undefined;
}

/** What Node's HTTP parser means by its error. */
export function parserFault(code: string | undefined): ProtocolError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new ProtocolError(431, 'headers_too_large', 'The headers are too large.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new ProtocolError(408, 'request_timeout', 'The request took too long.');
  return new ProtocolError(400, 'malformed_request', 'This is not a valid HTTP request.');
}

let headerLines: readonly string[] | undefined;

/** A whole answer as bytes, for requests that never reach the handler; the connection ends with it. */
function rawAnswer({ status, code, detail, headers }: ProtocolError): string {
  const requestId = randomUUID();
  const body = JSON.stringify(problem({ status, code, detail, requestId, url: '' }));
  headerLines ??= securityHeaderLines();
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...headerLines,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    'Cache-Control: no-store',
    `X-Request-Id: ${requestId}`,
    `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
