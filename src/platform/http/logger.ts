import type { LoggerService } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { pino, type DestinationStream, type Logger } from 'pino';
import { pinoHttp, type HttpLogger } from 'pino-http';
import { namesNotLogged } from '../../kernel/classification.js';
import type { Config } from '../config/config.js';

const WITHHELD = '(withheld)';
/** How deep plain objects are looked into; what lies deeper is left out altogether. */
const DEEPEST = 4;

/**
 * JSON lines to standard output, or to the given stream. What stands under the name of a column that is marked as
 * personal, confidential or secret is withheld, at every level.
 */
export function createLogger(config: Pick<Config, 'logLevel'>, stream?: DestinationStream): Logger {
  const names = namesNotLogged();
  const options = {
    level: config.logLevel,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    formatters: { log: (line: Record<string, unknown>) => withheld(line, names) },
  };
  return stream ? pino(options, stream) : pino(options);
}

/** Errors, requests and the like are no plain objects: serializers say what is told of them. */
function withheld(line: Record<string, unknown>, names: ReadonlySet<string>): Record<string, unknown> {
  const tell = (value: unknown, depth: number): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (!Array.isArray(value) && !isPlain(value)) return value;
    if (depth > DEEPEST) return WITHHELD;
    if (Array.isArray(value)) return value.map((item: unknown) => tell(item, depth + 1));
    const entries = Object.entries(value as Record<string, unknown>);
    return Object.fromEntries(
      entries.map(([name, inner]) => [name, names.has(name) ? WITHHELD : tell(inner, depth + 1)]),
    );
  };
  return tell(line, 1) as Record<string, unknown>;
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || prototype === Object.prototype;
}

/** What helps to find a fault. Errors of the database also carry the values of their query, which no log may hold. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  const { code } = error as { code?: unknown };
  return { type: name, code, message, stack, ...(cause !== undefined && { cause: describeError(cause) }) };
}

/** One line for each request: method, path and status. Never the query, a header or a body, which hold personal data. */
export function createRequestLogger(logger: Logger): HttpLogger {
  return pinoHttp({
    logger,
    quietReqLogger: true,
    genReqId: (request: IncomingMessage & { requestId?: string }) => request.requestId ?? '',
    customAttributeKeys: { reqId: 'requestId' },
    wrapSerializers: false,
    serializers: {
      req: ({ method, originalUrl = '' }: { method: string; originalUrl?: string }) => ({
        method,
        path: originalUrl.split(/[?#]/, 1)[0],
      }),
      res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
    },
    customLogLevel: (_request, response, error) => {
      if (response.statusCode >= 500) return 'error';
      return error ? 'warn' : 'info';
    },
    customErrorMessage: () => 'request failed',
    // The filter logs the error itself; pino-http knows the status alone and would make up a stack.
    customErrorObject: (_request, _response, _error, line: Record<string, unknown>) => ({
      ...line,
      err: undefined,
    }),
  });
}

/** Where Nest reports why the application could not be made; whoever makes it is thrown the same error, and tells it. */
const START_FAILURE = 'ExceptionHandler';

/** Nest's own messages, in the same stream and form as ours. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  /** Nest logs each route and module that it sets up, which matters to its developers alone. */
  log(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    if (rest.at(-1) !== START_FAILURE) this.write('error', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest passes the context last, and for errors a stack before it. */
  private write(
    level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace',
    message: unknown,
    rest: unknown[],
  ): void {
    const context = typeof rest.at(-1) === 'string' ? rest.at(-1) : undefined;
    const stack = rest.slice(0, -1).find((item) => typeof item === 'string');
    if (message instanceof Error) this.logger[level]({ err: message, context }, message.message);
    else
      this.logger[level]({ context, stack }, typeof message === 'string' ? message : JSON.stringify(message));
  }
}
