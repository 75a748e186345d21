import type { OpenAPIObject } from '@nestjs/swagger';
import { PROBLEM_CODES, problemType } from './problem-codes.js';

type Components = NonNullable<OpenAPIObject['components']>;
type Named<Kind extends keyof Components> = NonNullable<Components[Kind]>;

const text = (maxLength: number) => ({ type: 'string', maxLength });
const count = { type: 'integer', minimum: 0 };

/** Every response header that the API uses, declared once. */
export const HEADERS: Named<'headers'> = {
  'X-Request-Id': {
    description: 'Names this request in our logs; quote it to the operator',
    schema: text(128),
  },
  RateLimit: { description: 'What is left of the quota (IETF draft)', schema: text(200) },
  'RateLimit-Policy': { description: 'The quota in force (IETF draft)', schema: text(200) },
  'X-RateLimit-Limit': { description: 'Requests allowed in the window', schema: count },
  'X-RateLimit-Remaining': { description: 'Requests left in the window', schema: count },
  'X-RateLimit-Reset': { description: 'Seconds until the window starts anew', schema: count },
  'Retry-After': { description: 'Seconds to wait before the next attempt', schema: count },
  ETag: { description: 'Version of the resource, for If-Match and If-None-Match', schema: text(128) },
  Location: {
    description: 'Address of what was made',
    schema: { type: 'string', format: 'uri-reference', maxLength: 2048 },
  },
  Link: { description: 'The next page, as rel="next"; absent on the last', schema: text(2048) },
  'Idempotency-Replayed': {
    description: 'The answer is that of an earlier request with the same Idempotency-Key',
    schema: { type: 'string', enum: ['true'] },
  },
  'WWW-Authenticate': { description: 'How to authenticate', schema: text(500) },
};

/** The conditional request headers (RFC 9110, section 13), and the key that makes a POST count once. */
export const PARAMETERS: Named<'parameters'> = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'Any text that is new for each thing to be done. The same request with the same key is answered as before, for 24 hours',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    required: false,
    description: 'Do it only if the resource still has this ETag',
    schema: text(512),
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description: 'Answer 304 if the resource still has this ETag',
    schema: text(512),
  },
};

const sample = PROBLEM_CODES.find(({ code }) => code === 'validation_failed');

/** The one shape of everything that goes wrong (RFC 9457). */
export const PROBLEM_SCHEMAS: Named<'schemas'> = {
  Problem: {
    type: 'object',
    description: 'What went wrong (RFC 9457). Programs decide by `code`; `detail` is for people.',
    required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'requestId'],
    properties: {
      type: {
        type: 'string',
        format: 'uri-reference',
        maxLength: 200,
        description: 'Address of the explanation of this code',
        examples: [problemType(sample?.code ?? '')],
      },
      title: { ...text(200), description: 'What kind of problem it is', examples: [sample?.title] },
      status: {
        type: 'integer',
        minimum: 400,
        maximum: 599,
        description: 'The HTTP status',
        examples: [422],
      },
      detail: { ...text(2000), description: 'What happened this time, in words' },
      instance: {
        type: 'string',
        format: 'uri-reference',
        maxLength: 2048,
        description: 'Where it happened',
        examples: ['/v1/vendors'],
      },
      code: {
        type: 'string',
        pattern: '^[a-z][a-z0-9_]*$',
        maxLength: 64,
        description: 'Stable name of the problem; more may be added',
        examples: PROBLEM_CODES.map(({ code }) => code),
      },
      requestId: { ...text(128), description: 'The value of X-Request-Id' },
      errors: {
        type: 'array',
        maxItems: 1000,
        description: 'The fields at fault, when there are any',
        items: { $ref: '#/components/schemas/ProblemField' },
      },
      violatedPolicies: {
        type: 'array',
        maxItems: 10,
        description: 'Of a 429: the budgets that are used up, as RateLimit-Policy names them',
        items: { ...text(64), examples: ['tenant'] },
      },
      methods: {
        type: 'array',
        maxItems: 10,
        description: 'Of `step_up_required`: the ways in which the caller can prove themselves anew',
        items: { ...text(64), examples: ['totp'] },
      },
    },
  },
  ProblemField: {
    type: 'object',
    description: 'One fault of one field',
    required: ['pointer', 'code', 'detail'],
    properties: {
      pointer: {
        type: 'string',
        format: 'json-pointer',
        maxLength: 1000,
        description: 'JSON Pointer into the body, or /query/<name>',
        examples: ['/contactEmail'],
      },
      code: { ...text(64), description: 'Name of the rule that was broken', examples: ['is_email'] },
      detail: { ...text(500), description: 'What is wrong, in words' },
    },
  },
};
