import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { ACCESS_KEY, UNKEYED_KEY, STEP_UP_KEY, type Access } from '../http/route.js';

/** What a handler says beyond what Nest's own OpenAPI reader understands. */
export interface DocumentedRoute {
  access: Access;
  /** Whether the caller must have proved themselves of late. */
  needsStepUp: boolean;
  /** A POST that takes no `Idempotency-Key`. */
  isUnkeyed: boolean;
  /** The classes of the handler's parameters, as far as they are classes. */
  parameterTypes: readonly Constructor[];
}

export type Constructor = new (...args: never[]) => object;

/** `VendorsController.list` is `vendors_list`; a second path of the same handler is `vendors_list_1`. */
export function operationIdOf(controllerName: string, methodKey: string): string {
  const noun = controllerName.replace(/Controller$/, '');
  return `${noun.charAt(0).toLowerCase()}${noun.slice(1)}_${methodKey.replace(/\[(\d+)\]$/, '_$1')}`;
}

/** All handlers of the application by operation id. Throws when two share one, or one says nothing of access. */
export function listRoutes(app: INestApplication): ReadonlyMap<string, DocumentedRoute> {
  const routes = new Map<string, DocumentedRoute>();
  const scanner = new MetadataScanner();
  for (const module of app.get(ModulesContainer, { strict: false }).values()) {
    for (const { metatype } of module.controllers.values()) {
      if (typeof metatype !== 'function') continue;
      const prototype = metatype.prototype as Record<string, unknown>;
      for (const method of scanner.getAllMethodNames(prototype)) {
        const handler = prototype[method];
        if (typeof handler !== 'function' || !Reflect.hasMetadata(PATH_METADATA, handler)) continue;
        const id = operationIdOf(metatype.name, method);
        if (routes.has(id)) throw new Error(`Two routes share the operation id ${id}`);
        routes.set(id, describe(id, prototype, method, handler));
      }
    }
  }
  return routes;
}

function describe(id: string, prototype: object, method: string, handler: object): DocumentedRoute {
  const access = Reflect.getMetadata(ACCESS_KEY, handler) as Access | undefined;
  if (!access) throw new Error(`The route ${id} does not say who may call it`);
  const types = (Reflect.getMetadata('design:paramtypes', prototype, method) ?? []) as unknown[];
  const needsStepUp = Reflect.hasMetadata(STEP_UP_KEY, handler);
  const isUnkeyed = Reflect.hasMetadata(UNKEYED_KEY, handler);
  return {
    access,
    isUnkeyed,
    needsStepUp,
    parameterTypes: types.filter((type) => typeof type === 'function') as Constructor[],
  };
}
