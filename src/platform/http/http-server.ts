import {
  createServer as createNodeServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { normalizeIp } from '@nestjs/throttler';
import { ProtocolError } from './protocol.error.js';
import { problem, PROBLEM_MEDIA_TYPE } from './response/problem.js';
import { securityHeaderLines } from './response/security-headers.js';
import { randomUUID } from 'node:crypto';

/** What one client may hold of the server; times are in milliseconds. */
export interface ServerLimits {
  headersTimeoutMs: number;
  requestTimeoutMs: number;
  keepAliveTimeoutMs: number;
  maxHeaderBytes: number;
  maxConnections: number;
  maxConnectionsPerAddress: number;
}

export const SERVER_LIMITS: Readonly<ServerLimits> = {
  // A head fits into a few packets; a client that needs longer is holding the connection, not using it.
  headersTimeoutMs: 10_000,
  // An upload of 10 MiB at 1 Mbit/s takes 84 s.
  requestTimeoutMs: 120_000,
  keepAliveTimeoutMs: 15_000,
  maxHeaderBytes: 16_384,
  maxConnections: 4096,
  // Lower than maxConnections by far: no single address can take all slots.
  maxConnectionsPerAddress: 512,
};

/** Node looks for slow clients this often; its default of 30 s would void the timeouts above. */
const CONNECTIONS_CHECK_MS = 1000;
/** Time for a refused client to read why. */
const LINGER_MS = 1000;

/** A listening server that can stop without cutting answers short. */
export interface HttpServer extends Server {
  /** Accepts no more, lets requests in flight finish for so long, then cuts what is left. */
  drain(graceMs: number): Promise<void>;
}

/** A server for the handler that bounds slow clients and refuses ambiguous requests before the handler sees them. */
export function createServer(
  handler: RequestListener,
  limits: ServerLimits = SERVER_LIMITS,
  isProxy: (address: string) => boolean = () => false,
): HttpServer {
  const server = createNodeServer({
    connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    maxHeaderSize: limits.maxHeaderBytes,
    requireHostHeader: true,
  });
  server.maxConnections = limits.maxConnections;
  // A client that neither sends nor reads for so long is gone, or holds the connection for its own sake.
  server.timeout = limits.requestTimeoutMs;
  const busy = new Map<Duplex, ServerResponse>();
  const idle = new Set<Socket>();
  const perAddress = new Map<string, number>();
  let isDraining = false;

  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const client = normalizeIp(address);
    const held = (perAddress.get(client) ?? 0) + 1;
    if (held > limits.maxConnectionsPerAddress && !isProxy(address)) return socket.destroy();
    perAddress.set(client, held);
    idle.add(socket);
    socket.once('close', () => {
      idle.delete(socket);
      const left = (perAddress.get(client) ?? 1) - 1;
      if (left > 0) perAddress.set(client, left);
      else perAddress.delete(client);
    });
    return undefined;
  });

  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    busy.set(socket, response);
    idle.delete(socket);
    response.once('close', () => {
      // A pipelined request may already be at work on the same socket.
      if (busy.get(socket) !== response) return;
      busy.delete(socket);
      if (!socket.destroyed) idle.add(socket);
    });
    if (isDraining) response.setHeader('Connection', 'close');
    const fault = addressingFault(request);
    if (fault) refuse(socket, fault);
    else void handler(request as Parameters<RequestListener>[0], response as Parameters<RequestListener>[1]);
  };
  server.on('request', serve);
  server.on('checkExpectation', (request: IncomingMessage) => {
    request.socket.end(
      rawAnswer(new ProtocolError(417, 'expectation_failed', 'No such expectation is supported.')),
    );
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const isAnswering = busy.get(socket)?.headersSent ?? false;
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering) socket.destroy();
    else refuse(socket, parserFault(error.code));
  });

  const drain = async (graceMs: number): Promise<void> => {
    isDraining = true;
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const response of busy.values())
      if (!response.headersSent) response.setHeader('Connection', 'close');
    for (const socket of idle) socket.destroy();
    const force = setTimeout(() => server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(force);
  };
  return Object.assign(server, { drain });
}

/** Answers without the handler, and parts with the client: at once cut, it might lose the answer; never cut, it might stay. */
function refuse(socket: Duplex, fault: ProtocolError): void {
  socket.end(rawAnswer(fault));
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** Requests of which two machines on their way could read two different targets. */
function addressingFault(request: IncomingMessage): ProtocolError | undefined {
  const hosts = request.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  if (hosts.length > 1)
    return new ProtocolError(400, 'malformed_request', 'There is more than one Host header.');
  const { url = '' } = request;
  if (url.startsWith('/') || url === '*') return undefined;
  const target = URL.canParse(url) ? new URL(url) : undefined;
  if (!target || !/^https?:\/\//i.test(url) || target.host !== request.headers.host?.toLowerCase())
    return new ProtocolError(400, 'malformed_request', 'The request target does not belong to this host.');
  request.url = target.pathname + target.search;
  return undefined;
}

function parserFault(code: string | undefined): ProtocolError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new ProtocolError(431, 'headers_too_large', 'The headers are too large.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new ProtocolError(408, 'request_timeout', 'The request took too long.');
  return new ProtocolError(400, 'malformed_request', 'This is not a valid HTTP request.');
}

let headerLines: readonly string[] | undefined;

/** A whole answer as bytes, for requests that never reach the handler; the connection ends with it. */
function rawAnswer({ status, code, detail }: ProtocolError): string {
  const requestId = randomUUID();
  const body = JSON.stringify(problem({ status, code, detail, requestId, url: '' }));
  headerLines ??= securityHeaderLines();
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...headerLines,
    'Cache-Control: no-store',
    `X-Request-Id: ${requestId}`,
    `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
