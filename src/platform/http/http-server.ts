import {
  createServer as createNodeServer,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { normalizeIp } from '@nestjs/throttler';
import { ProtocolError } from './request/protocol.error.js';
import { addressingFault, parserFault, refuse } from './request/raw-refusal.js';
import { onceClosed } from './response/once-closed.js';

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
  server.timeout = limits.requestTimeoutMs + limits.keepAliveTimeoutMs;
  const busy = new Map<Duplex, ServerResponse>();
  const idle = new Set<Socket>();
  let isDraining = false;

  boundConnections(server, limits.maxConnectionsPerAddress, isProxy);
  server.on('connection', (socket: Socket) => {
    idle.add(socket);
    socket.once('close', () => {
      idle.delete(socket);
      busy.delete(socket);
    });
  });
  server.on('request', (request, response) => {
    const { socket } = request;
    busy.set(socket, response);
    idle.delete(socket);
    onceClosed(response, () => {
      // A pipelined request may already be at work on the same socket.
      if (busy.get(socket) !== response) return;
      busy.delete(socket);
      if (!socket.destroyed) idle.add(socket);
    });
    if (isDraining) response.setHeader('Connection', 'close');
    const fault = addressingFault(request);
    if (fault) refuse(socket, fault);
    else handler(request, response);
  });
  server.on('checkExpectation', ({ socket }) => {
    refuse(socket, new ProtocolError(417, 'expectation_failed', 'No such expectation is supported.'));
  });
  server.on('connect', (_request, socket) => {
    refuse(
      socket,
      new ProtocolError(405, 'method_not_allowed', 'This is no proxy.', { Allow: 'GET, HEAD, OPTIONS' }),
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

/** `maxConnections` alone would let one client take every slot. Proxies speak for many, and are counted by none. */
function boundConnections(server: Server, most: number, isProxy: (address: string) => boolean): void {
  const held = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    if (isProxy(address)) return;
    const client = normalizeIp(address);
    const count = held.get(client) ?? 0;
    if (count >= most) {
      socket.destroy();
      return;
    }
    held.set(client, count + 1);
    socket.once('close', () => {
      const left = (held.get(client) ?? 1) - 1;
      if (left > 0) held.set(client, left);
      else held.delete(client);
    });
  });
}
