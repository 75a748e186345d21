import { isForPrograms } from '../../kernel/permission-catalogue.js';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { OperationFacts } from './operation-facts.js';
import { COMMON_HEADERS, headerRefs, problemsOf } from './openapi-problems.js';
import type { Access } from '../http/route.js';
import type { DocumentedRoute } from './route-catalogue.js';

type PathItem = OpenAPIObject['paths'][string];
export type Operation = NonNullable<PathItem['get']> & { 'x-permission'?: string; 'x-step-up'?: true };
type Parameter = NonNullable<Operation['parameters']>[number];

const STATUS_WORDS: Readonly<Record<string, string>> = {
  200: 'Done; the answer is in the body',
  201: 'Created',
  202: 'Accepted; it goes on in the background',
  204: 'Done; there is no body',
  206: 'The requested part',
  304: 'Unchanged since the given ETag; there is no body',
};

/** Completes one operation of Nest's document in place: who may call, parameters, responses, headers, words. */
export function completeOperation(
  method: string,
  path: string,
  operation: Operation,
  route: DocumentedRoute,
): void {
  const { access } = route;
  dropReservedHeaders(operation);
  declarePathParameters(path, operation);
  const facts = factsOf(method, path, operation, route);
  const permission = access.rule === 'permission' ? access.permission : access.rule;
  operation['x-permission'] = permission;
  if (route.needsStepUp) operation['x-step-up'] = true;
  if (facts.isPublic) operation.security = [];
  else if (isForPeople(route)) operation.security = [{ bearer: [] }];
  else delete operation.security;
  operation.summary ||= summaryOf(operation.operationId ?? '');
  operation.description = [
    operation.description || `${operation.summary}.`,
    WHO[access.rule](permission),
    ...(route.needsStepUp ? [STEP_UP] : []),
  ].join('\n\n');
  if (facts.takesIdempotencyKey)
    operation.parameters?.push({ $ref: '#/components/parameters/IdempotencyKey' });
  if (facts.takesIfMatch) operation.parameters?.push({ $ref: '#/components/parameters/IfMatch' });
  if (facts.takesIfNoneMatch) operation.parameters?.push({ $ref: '#/components/parameters/IfNoneMatch' });
  completeResponses(operation, facts);
}

/** What no program can call, whatever it holds. */
const isForPeople = ({ access, needsStepUp }: DocumentedRoute): boolean =>
  needsStepUp ||
  (access.rule === 'permission'
    ? !isForPrograms(access.permission)
    : access.rule === 'authenticated' && !access.programs);
const STEP_UP =
  'Needs a proof that is less than five minutes old, by a second factor if the account has one; see `POST /v1/auth/step-up`.';

const WHO: Readonly<Record<Access['rule'], (permission: string) => string>> = {
  public: () => 'Anyone may call this.',
  authenticated: () => 'Any authenticated caller may call this.',
  permission: (permission) => `Needs the permission \`${permission}\`.`,
};

function factsOf(
  method: string,
  path: string,
  operation: Operation,
  { access, isUnkeyed }: DocumentedRoute,
): OperationFacts {
  const parameters = (operation.parameters ?? []).filter((parameter) => 'in' in parameter);
  const named = (name: string) => parameters.some((p) => p.name.toLowerCase() === name);
  const hasBody = operation.requestBody !== undefined;
  const isItem = path.endsWith('}');
  const bodyTypes = Object.keys(
    operation.requestBody && 'content' in operation.requestBody ? operation.requestBody.content : {},
  );
  return {
    method,
    path,
    isPublic: access.rule === 'public',
    hasBody,
    hasPathParameter: path.includes('{'),
    hasInput: hasBody || parameters.some((p) => p.in === 'query' || p.in === 'path'),
    takesIfMatch: isItem && ['patch', 'put', 'delete'].includes(method) && !named('if-match'),
    takesIfNoneMatch: isItem && method === 'get' && !named('if-none-match'),
    takesRange: named('range'),
    takesIdempotencyKey: method === 'post' && access.rule !== 'public' && !isUnkeyed,
    isUpload: bodyTypes.includes('multipart/form-data'),
    isList: method === 'get' && named('cursor'),
  };
}

/** OpenAPI says of these headers by other means; as parameters they are to be ignored, and Swagger UI asks for them. */
function dropReservedHeaders(operation: Operation): void {
  const isReserved = (p: Parameter) =>
    'in' in p && p.in === 'header' && /^(accept|content-type|authorization)$/i.test(p.name);
  operation.parameters = (operation.parameters ?? []).filter((parameter) => !isReserved(parameter));
}

/** Nest leaves out path parameters that no handler argument asks for by name. */
function declarePathParameters(path: string, operation: Operation): void {
  operation.parameters ??= [];
  const isDeclared = (name: string) => (p: Parameter) => 'in' in p && p.in === 'path' && p.name === name;
  for (const [, name = ''] of path.matchAll(/\{([^}]+)\}/g)) {
    if (operation.parameters.some(isDeclared(name))) continue;
    const schema = { type: 'string', maxLength: 255 };
    operation.parameters.push({ name, in: 'path', required: true, description: `The ${name}`, schema });
  }
}

/** `vendors_list` is "List vendors". */
function summaryOf(operationId: string): string {
  const [noun = '', verb = ''] = operationId.split('_');
  const words = `${verb} ${noun}`.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function completeResponses(operation: Operation, facts: OperationFacts): void {
  const problems = problemsOf(facts);
  if (facts.takesIfNoneMatch) operation.responses['304'] ??= { description: '' };
  for (const [status, response] of Object.entries(operation.responses)) {
    if (!response || '$ref' in response) continue;
    response.description ||= STATUS_WORDS[status] ?? `Status ${status}`;
    response.headers = { ...headerRefs(headersOf(status, facts)), ...response.headers };
    if (Number(status) < 400) continue;
    response.content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  }
  operation.responses = { ...problems, ...operation.responses };
}

function headersOf(status: string, facts: OperationFacts): string[] {
  const isItem = facts.takesIfNoneMatch || (facts.takesIfMatch && facts.method !== 'delete');
  return [
    ...COMMON_HEADERS,
    ...(isItem && ['200', '304'].includes(status) ? ['ETag'] : []),
    ...(['201', '202'].includes(status) ? ['Location'] : []),
    ...(facts.takesIdempotencyKey && status.startsWith('2') ? ['Idempotency-Replayed'] : []),
    ...(facts.isList && status === '200' ? ['Link'] : []),
  ];
}
