import type { LoggerService } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { pino, type DestinationStream, type Logger } from 'pino';
import { pinoHttp, type HttpLogger } from 'pino-http';
import type { Config } from '../config/config.js';

/** JSON lines to standard output, or to the given stream. */
export function createLogger(config: Pick<Config, 'logLevel'>, stream?: DestinationStream): Logger {
  const options = {
    level: config.logLevel,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
  };
  return stream ? pino(options, stream) : pino(options);
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
