import { FILE_PROBLEM_CODES } from './file-problem-codes.js';
import type { ProblemCode } from './problem-code.js';

/**
 * Every stable `code` that a problem response may carry. The errors page and the OpenAPI document are
 * both made from this list, so neither can say anything else.
 */
export const PROBLEM_CODES: readonly ProblemCode[] = [
  {
    code: 'malformed_json',
    status: 400,
    title: 'Malformed JSON',
    meaning: 'The body is not valid JSON.',
    remedy: 'Check quotes, commas and encoding (UTF-8), then send it again.',
  },
  {
    code: 'malformed_request',
    status: 400,
    title: 'Malformed request',
    meaning: 'The request itself cannot be read: a broken path, header or multipart body.',
    remedy: 'Compare the request with the documentation of the route.',
  },
  {
    code: 'invalid_signature',
    status: 401,
    title: 'Invalid signature',
    meaning: 'The API key is good, but the request is not signed as it must be, or was sent before.',
    remedy: 'Read “detail”, and sign each request anew: docs/api-keys.md shows how.',
  },
  {
    code: 'invalid_client',
    status: 401,
    title: 'Invalid client',
    meaning:
      'The assertion is not one of a software agent that may act now, or was used before (RFC 6749, 5.2).',
    remedy:
      'Read “detail”, and make a new assertion for each token: docs/agents.md shows how. See that the agent is active.',
  },
  {
    code: 'invalid_credentials',
    status: 401,
    title: 'Invalid credentials',
    meaning: 'Tenant, e-mail, password or one-time token do not fit together. Which one is never told.',
    remedy: 'Check all of them. After repeated failures the account rests for a while; wait, then retry.',
  },
  {
    code: 'unauthenticated',
    status: 401,
    title: 'Unauthenticated',
    meaning: 'The request carries no token, or one that is expired, revoked or not ours.',
    remedy: 'Sign in, or refresh the token, and send it as “Authorization: Bearer …”.',
  },
  {
    code: 'forbidden',
    status: 403,
    title: 'Forbidden',
    meaning: 'The caller is known, but none of its roles holds the permission that this route needs.',
    remedy: 'Ask an administrator of the tenant for the permission named in the documentation of the route.',
  },
  {
    code: 'forbidden_fields',
    status: 403,
    title: 'Fields left out',
    meaning:
      'The roles of the caller leave out some fields that the request writes, filters, sorts or searches by.',
    remedy: 'Leave out the fields that “errors” points at, or ask for a role that comes with them.',
  },
  {
    code: 'exceeds_own_rights',
    status: 403,
    title: 'More than one’s own rights',
    meaning: 'The request would grant what the caller does not hold, or take over somebody who holds more.',
    remedy: 'Grant only what you hold; “errors” names what is too much. GET /v1/me tells what you hold.',
  },
  {
    code: 'role_in_use',
    status: 409,
    title: 'Role in use',
    meaning: 'Some users have the role that was to be removed.',
    remedy: 'Take it from them first.',
  },
  {
    code: 'built_in_role',
    status: 409,
    title: 'Built-in role',
    meaning: 'Built-in roles cannot be changed or removed.',
    remedy: 'Make a role of your own with the permissions that you want.',
  },
  {
    code: 'people_only',
    status: 403,
    title: 'For people only',
    meaning: 'The route concerns a person’s own account, or asks for a proof that only people can give.',
    remedy: 'Sign in as a person; programs learn who they are from “GET /v1/me”.',
  },
  {
    code: 'tenant_suspended',
    status: 403,
    title: 'Tenant suspended',
    meaning: 'The tenant is suspended; nobody in it can call the API.',
    remedy: 'Ask the operator of the installation to resume the tenant.',
  },
  {
    code: 'tenant_read_only',
    status: 403,
    title: 'Tenant read-only',
    meaning: 'The tenant is suspended: its people can sign in and read, but change nothing.',
    remedy: 'Ask the operator of the installation to resume the tenant.',
  },
  {
    code: 'support_access_required',
    status: 403,
    title: 'Support access required',
    meaning: 'An operator would act as a user, and the tenant has not consented to it, or to reading alone.',
    remedy: 'Ask an administrator of the tenant for `PUT /v1/support-access`.',
  },
  {
    code: 'impersonation_forbidden',
    status: 403,
    title: 'Not while impersonating',
    meaning:
      'An operator who acts as a user may not change credentials, accounts or rights, nor anything when only looking.',
    remedy: 'Let the user do it.',
  },
  {
    code: 'step_up_required',
    status: 403,
    title: 'Step-up required',
    meaning:
      'This needs a proof that is less than five minutes old, by a second factor if the account has one; “methods” says which can give it.',
    remedy: 'Call “POST /v1/auth/step-up” with one of the methods, then send the same request again.',
  },
  {
    code: 'quota_exceeded',
    status: 403,
    title: 'Quota exceeded',
    meaning: 'The tenant has as many users, vendors, agents or bytes of files as it may have.',
    remedy: 'Remove what is no longer needed, or ask the operator of the installation for more.',
  },
  {
    code: 'not_found',
    status: 404,
    title: 'Not found',
    meaning: 'There is no such route or resource, or it lies outside what the caller may see.',
    remedy: 'Check the address and the id, and which tenant and vendor the caller belongs to.',
  },
  {
    code: 'method_not_allowed',
    status: 405,
    title: 'Method not allowed',
    meaning: 'The route exists, but not with this method.',
    remedy: 'Use one of the methods in the “Allow” header.',
  },
  {
    code: 'mail_disabled',
    status: 409,
    title: 'Mail is off',
    meaning: 'What was asked for is done by mail, and this installation sends none.',
    remedy: 'Ask the operator of the installation for a link, or to configure a mail server.',
  },
  {
    code: 'conflict',
    status: 409,
    title: 'Conflict',
    meaning: 'The request contradicts what is stored: a name that is taken, or something still in use.',
    remedy: 'Read “detail”, fetch the resource again, and resolve the contradiction.',
  },
  {
    code: 'idempotency_key_in_use',
    status: 409,
    title: 'Idempotency key in use',
    meaning: 'A request of the same caller with the same Idempotency-Key is still being worked on.',
    remedy: 'Send it again a little later, with the same key; it will get the answer of the first.',
  },
  {
    code: 'precondition_failed',
    status: 412,
    title: 'Precondition failed',
    meaning: 'The resource has changed since it was read; “If-Match” names an older version.',
    remedy: 'Fetch it again, apply the change to the new version, and send the new “ETag”.',
  },
  {
    code: 'payload_too_large',
    status: 413,
    title: 'Payload too large',
    meaning: 'The body or the file is larger than this installation accepts.',
    remedy: 'Send less at once, or ask the operator for the limit.',
  },
  {
    code: 'unsupported_media_type',
    status: 415,
    title: 'Unsupported media type',
    meaning: 'The content type is not one that the route takes, or a file is not what its name says.',
    remedy: 'Send “application/json”, or a file of an accepted type whose name fits its content.',
  },
  {
    code: 'range_not_satisfiable',
    status: 416,
    title: 'Range not satisfiable',
    meaning: 'The requested range lies outside the content.',
    remedy: 'Ask for a range within the size given in “Content-Range”.',
  },
  {
    code: 'validation_failed',
    status: 422,
    title: 'Validation failed',
    meaning: 'The request is well formed, but some fields are not acceptable.',
    remedy: 'Read “errors”: each entry points to a field and says what is wrong with it.',
  },
  {
    code: 'rate_limited',
    status: 429,
    title: 'Rate limited',
    meaning:
      'Too many requests came from this address, for this account or from this tenant; “violatedPolicies” says which.',
    remedy: 'Wait for the seconds in “Retry-After”, then go on more slowly.',
  },
  {
    code: 'internal_error',
    status: 500,
    title: 'Internal error',
    meaning: 'Something failed on our side. It has been logged under the request id.',
    remedy: 'Retry once; if it stays, give the operator the “requestId”.',
  },
  {
    code: 'overloaded',
    status: 503,
    title: 'Overloaded',
    meaning: 'The service is busy or not ready, and has not done anything for this request.',
    remedy: 'Send the same request again after “Retry-After”.',
  },
  ...FILE_PROBLEM_CODES,
];

/** The address of a code's explanation; the `type` of its problem responses. */
export const problemType = (code: string): string => `/docs/errors#${code}`;
