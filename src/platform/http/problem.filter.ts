import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import {
  DomainError,
  ForbiddenInputError,
  InvalidError,
  RateLimitedError,
  StepUpRequiredError,
  UnsatisfiableRangeError,
  type ErrorKind,
} from '../../kernel/errors.js';
import { ProtocolError } from './request/protocol.error.js';
import { problem, PROBLEM_MEDIA_TYPE, type Problem } from './response/problem.js';
import { ofLibrary, ofStatus } from './response/foreign-errors.js';

/** Recognises the errors of one library (a database's, say) and says what they mean; undefined for all others. */
export type ErrorTranslator = (error: unknown) => DomainError | undefined;

const STATUS_OF: Readonly<Record<ErrorKind, number>> = {
  invalid: 422,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  precondition_failed: 412,
  too_large: 413,
  unsupported_type: 415,
  unsatisfiable_range: 416,
  rate_limited: 429,
  unavailable: 503,
  out_of_storage: 507,
};

/** Headers that a handler may have set before it failed, and that would be lies on the refusal. */
const OF_THE_SUCCESS = [
  'Accept-Ranges',
  'Content-Disposition',
  'Content-Encoding',
  'Content-Length',
  'Content-Range',
  'ETag',
  'Last-Modified',
  'Link',
  'Location',
];

type Refusal = Pick<Problem, 'status' | 'code' | 'detail' | 'errors' | 'violatedPolicies' | 'methods'> & {
  headers: Readonly<Record<string, string>>;
};

const INTERNAL: Refusal = {
  status: 500,
  code: 'internal_error',
  detail: 'The server failed; the request id finds the reason in its log.',
  headers: {},
};

/** What of a refusal may be known to others than the caller. */
export type ObservedRefusal = Pick<Refusal, 'status' | 'code' | 'violatedPolicies'>;

/** Told of each refusal before the answer is sent; the answer waits for it, and is sent whatever becomes of it. */
export type RefusalObserver = (request: Request, refusal: ObservedRefusal) => Promise<void>;

/** The only place where an error becomes an answer. What it does not know is a 500: logged in full, told in nothing. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly translators: readonly ErrorTranslator[] = [],
    private readonly observe?: RefusalObserver,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    const refusal = this.refusalFor(error);
    const { requestId } = request;
    if (refusal.status === 500) this.logger.error({ err: error, requestId }, 'unexpected error');
    if (!this.observe) return answer(request, response, refusal);
    void this.observe(request, refusal)
      .catch((err: unknown) => this.logger.error({ err, requestId }, 'a refusal was not recorded'))
      .then(() => answer(request, response, refusal))
      .catch((err: unknown) => {
        this.logger.error({ err, requestId }, 'a refusal was not answered');
        response.destroy();
      });
  }

  private refusalFor(thrown: unknown): Refusal {
    const error = isOurs(thrown) ? thrown : this.meaningOf(thrown);
    if (error instanceof DomainError) return ofDomain(error);
    if (error instanceof ProtocolError) return { ...pick(error), headers: error.headers };
    return INTERNAL;
  }

  private meaningOf(error: unknown): DomainError | ProtocolError | undefined {
    // Nest wraps what a library threw; the cause tells more than the status does.
    if (error instanceof HttpException) return ofLibrary(error.cause) ?? ofStatus(error.getStatus());
    for (const translate of this.translators) {
      const meaning = translate(error);
      if (meaning) return meaning;
    }
    return ofLibrary(error);
  }
}

function answer(request: Request, response: Response, { headers, ...refusal }: Refusal): void {
  const { requestId } = request;
  // Half an answer cannot be taken back; cutting it tells the caller that it is not whole.
  if (response.headersSent) return void response.destroy();
  for (const name of OF_THE_SUCCESS) response.removeHeader(name);
  response.status(refusal.status).setHeader('Cache-Control', 'no-store').set(headers);
  response.setHeader('Content-Type', PROBLEM_MEDIA_TYPE);
  response.end(JSON.stringify(problem({ ...refusal, requestId, url: request.originalUrl })));
}

function isOurs(error: unknown): error is DomainError | ProtocolError {
  return error instanceof DomainError || error instanceof ProtocolError;
}

function pick({ status, code, detail }: ProtocolError): Pick<Refusal, 'status' | 'code' | 'detail'> {
  return { status, code, detail };
}

function ofDomain(error: DomainError): Refusal {
  const { code, detail } = error;
  const refusal = { status: STATUS_OF[error.kind], code, detail, headers: headersOf(error) };
  if (error instanceof InvalidError || error instanceof ForbiddenInputError)
    return { ...refusal, errors: error.faults };
  if (error instanceof StepUpRequiredError) return { ...refusal, methods: error.methods };
  if (error instanceof RateLimitedError && error.violatedPolicies.length > 0)
    return { ...refusal, violatedPolicies: error.violatedPolicies };
  return refusal;
}

function headersOf(error: DomainError): Record<string, string> {
  if (error.kind === 'unauthenticated') return { 'WWW-Authenticate': 'Bearer' };
  if (error instanceof UnsatisfiableRangeError) return { 'Content-Range': `bytes */${error.size}` };
  if ('retryAfterSeconds' in error) return { 'Retry-After': String(error.retryAfterSeconds) };
  return {};
}
