import type { OpenAPIObject } from '@nestjs/swagger';
import type { OperationFacts } from './operation-facts.js';
import { PROBLEM_CODES, problemType } from './problem-codes.js';

type Responses = NonNullable<NonNullable<OpenAPIObject['components']>['responses']>;

const isWrite = ({ method }: OperationFacts) => method !== 'get' && method !== 'head';

/** Which problem can occur where. 405 is missing on purpose: an operation's own method is never the wrong one. */
const RULES: readonly { status: number; name: string; occurs: (operation: OperationFacts) => boolean }[] = [
  { status: 400, name: 'BadRequest', occurs: ({ hasBody }) => hasBody },
  {
    status: 401,
    name: 'Unauthenticated',
    occurs: ({ isPublic, hasBody, path }) => !isPublic || (hasBody && /\/(auth|invitations)\//.test(path)),
  },
  { status: 403, name: 'Forbidden', occurs: ({ isPublic }) => !isPublic },
  { status: 404, name: 'NotFound', occurs: ({ hasPathParameter }) => hasPathParameter },
  { status: 409, name: 'Conflict', occurs: (operation) => isWrite(operation) && !operation.isPublic },
  { status: 412, name: 'PreconditionFailed', occurs: ({ takesIfMatch }) => takesIfMatch },
  { status: 413, name: 'PayloadTooLarge', occurs: ({ hasBody }) => hasBody },
  { status: 415, name: 'UnsupportedMediaType', occurs: ({ hasBody }) => hasBody },
  { status: 416, name: 'RangeNotSatisfiable', occurs: ({ takesRange }) => takesRange },
  { status: 422, name: 'ValidationFailed', occurs: ({ hasInput }) => hasInput },
  { status: 429, name: 'RateLimited', occurs: () => true },
  { status: 500, name: 'InternalError', occurs: () => true },
  { status: 503, name: 'Overloaded', occurs: () => true },
  { status: 507, name: 'InsufficientStorage', occurs: ({ isUpload }) => isUpload },
];

const MORE_HEADERS: Readonly<Record<number, readonly string[]>> = {
  401: ['WWW-Authenticate'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};

/** References to the headers of these names. */
export const headerRefs = (names: readonly string[]): Record<string, { $ref: string }> =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

/** The headers of every response. */
export const COMMON_HEADERS = [
  'X-Request-Id',
  'RateLimit',
  'RateLimit-Policy',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
] as const;

/** The problem responses that can occur in this operation, as references by status. */
export function problemsOf(operation: OperationFacts): Record<string, { $ref: string }> {
  return Object.fromEntries(
    RULES.filter(({ occurs }) => occurs(operation)).map(({ status, name }) => [
      String(status),
      { $ref: `#/components/responses/${name}` },
    ]),
  );
}

/** All problem responses, made from the list of codes. */
export const PROBLEM_RESPONSES: Responses = Object.fromEntries(
  RULES.map(({ status, name }) => {
    const codes = PROBLEM_CODES.filter((problem) => problem.status === status);
    const description = codes.map(({ code, meaning }) => `\`${code}\`: ${meaning}`).join('\n\n');
    const examples = Object.fromEntries(
      codes.map(({ code, title, meaning }) => [
        code,
        {
          summary: title,
          value: {
            type: problemType(code),
            title,
            status,
            detail: meaning,
            instance: '/v1/vendors',
            code,
            requestId: '0199c2a8-7f1e-7c3a-b0de-52f0c1a9d3e4',
            ...(status === 422 && {
              errors: [{ pointer: '/name', code: 'is_not_empty', detail: 'must not be empty' }],
            }),
          },
        },
      ]),
    );
    return [
      name,
      {
        description,
        headers: headerRefs([...COMMON_HEADERS, ...(MORE_HEADERS[status] ?? [])]),
        content: {
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, examples },
        },
      },
    ];
  }),
);
