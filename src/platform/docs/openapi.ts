import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { HEADERS, PARAMETERS, PROBLEM_SCHEMAS } from './openapi-components.js';
import { completeOperation, type Operation } from './openapi-operation.js';
import { PROBLEM_RESPONSES } from './openapi-problems.js';
import { completeSchema } from './openapi-schemas.js';
import { listRoutes, operationIdOf } from './route-catalogue.js';
import { documentValidation } from './validation-schema.js';

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'] as const;

const packageFile = join(__dirname, '../../../../package.json'); // from dist/src/platform/docs
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };

const HEAD: Omit<OpenAPIObject, 'paths'> = {
  openapi: '3.1.0',
  info: {
    title: 'Ringfence',
    version,
    description:
      'Multi-tenant vendor management. Sign in at `POST /v1/auth/login`, send the access token as ' +
      '`Authorization: Bearer …`; programs send an API key in its place, software agents get tokens of their own at `POST /v1/auth/token`. Errors are RFC 9457 problems; their codes are explained at [/docs/errors](/docs/errors).',
    contact: { name: 'The operator of this installation' },
    license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
  },
  servers: [{ url: '/', description: 'This installation' }],
  security: [{ bearer: [] }, { apiKey: [] }],
};

/**
 * The OpenAPI 3.1 document of the application, made from its routes, DTOs and access rules.
 * Throws when operation ids collide or a route does not say who may call it.
 */
export function buildOpenApi(app: INestApplication): OpenAPIObject {
  const routes = listRoutes(app);
  for (const { parameterTypes } of routes.values())
    parameterTypes.forEach((type) => documentValidation(type));
  const document = SwaggerModule.createDocument(app, HEAD, { operationIdFactory: operationIdOf });

  const seen = new Set<string>();
  for (const [path, method, operation] of operationsOf(document)) {
    const id = operation.operationId ?? '';
    if (seen.has(id)) throw new Error(`Two operations share the operation id ${id}`);
    seen.add(id);
    const route = routes.get(id) ?? routes.get(id.replace(/_\d+$/, ''));
    if (!route) throw new Error(`The operation ${id} belongs to no known route`);
    completeOperation(method, path, operation, route);
    for (const parameter of operation.parameters ?? []) {
      if ('schema' in parameter) completeSchema(parameter.schema, parameter.name);
    }
  }
  Object.entries(document.components?.schemas ?? {}).forEach(([, schema]) => completeSchema(schema));
  document.tags = tagsOf(document);
  document.components = {
    ...document.components,
    securitySchemes: {
      bearer: {
        type: 'http',
        scheme: 'bearer',
        description: 'An access token from login, or an agent’s from `POST /v1/auth/token`',
      },
      apiKey: {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'rf_<environment>_<id>_<secret>',
        description: 'An API key, made at `POST /v1/api-keys`',
      },
    },
    schemas: { ...document.components?.schemas, ...PROBLEM_SCHEMAS },
    responses: PROBLEM_RESPONSES,
    headers: HEADERS,
    parameters: PARAMETERS,
  };
  return withoutUnusedComponents(document);
}

function* operationsOf(document: OpenAPIObject): Generator<[string, string, Operation]> {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method];
      if (operation) yield [path, method, operation];
    }
  }
}

function tagsOf(document: OpenAPIObject): NonNullable<OpenAPIObject['tags']> {
  const names = new Set([...operationsOf(document)].flatMap(([, , { tags }]) => tags ?? []));
  return [...names].sort().map((name) => ({ name, description: `Everything about ${name.toLowerCase()}` }));
}

/** Drops shared headers, parameters, responses and schemas that nothing refers to; one may have used another. */
function withoutUnusedComponents(document: OpenAPIObject): OpenAPIObject {
  const components = document.components as Record<string, Record<string, unknown>>;
  for (let removed = true; removed;) {
    removed = false;
    const text = JSON.stringify(document);
    for (const kind of ['responses', 'parameters', 'headers', 'schemas']) {
      for (const name of Object.keys(components[kind] ?? {})) {
        if (text.includes(`"#/components/${kind}/${name}"`)) continue;
        delete components[kind]?.[name];
        removed = true;
      }
    }
  }
  return document;
}
