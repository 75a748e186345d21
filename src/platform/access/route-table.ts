import { Injectable, RequestMethod, VERSION_NEUTRAL, type OnModuleInit, type Type } from '@nestjs/common';
import {
  HTTP_CODE_METADATA,
  METHOD_METADATA,
  PATH_METADATA,
  VERSION_METADATA,
} from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { match } from 'path-to-regexp';
import {
  ACCESS_KEY,
  CHANGES_NOTHING_KEY,
  OWNER_KEY,
  STEP_UP_KEY,
  READ_ONLY_KEY,
  type Access,
  type OwnerLookup,
} from '../http/route.js';

/** One route and what it declares. */
export interface RouteEntry {
  method: string;
  path: string;
  access: Access | undefined;
  /** The service that is asked about the `:id`. */
  owner: Type<OwnerLookup> | undefined;
  /** Whether it works in a read-only tenant although it is no GET. */
  isWhileReadOnly: boolean;
  /** Whether the caller must have proved themselves of late, which no program can. */
  needsStepUp: boolean;
  /** Of success. */
  status: number;
  /** The method that answers; what it declares is metadata of it. */
  handler: () => unknown;
}

/** A route said nothing about access, or leaves the owner of its `:id` open. */
export class UndeclaredRouteError extends Error {
  constructor(route: string, what: string) {
    super(`${route} ${what}`);
    this.name = 'UndeclaredRouteError';
  }
}

/** Every route there is, read from the controllers themselves. Stops the start when one does not declare its access. */
@Injectable()
export class RouteTable implements OnModuleInit {
  /** By which requests are found; read once, since routes do not change after the start. */
  private known: readonly RouteEntry[] | undefined;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  onModuleInit(): void {
    for (const { method, path, access, owner } of this.entries()) {
      if (!access) throw new UndeclaredRouteError(`${method} ${path}`, 'says nothing about access');
      if (access.rule === 'permission' && path.includes('/:id') && !owner) {
        throw new UndeclaredRouteError(`${method} ${path}`, 'does not say who owns its :id');
      }
    }
  }

  entries(): RouteEntry[] {
    const controllers = this.discovery
      .getControllers()
      .flatMap(({ metatype }) => (metatype ? [metatype as Type] : []));
    return controllers
      .flatMap((controller) => this.routesOf(controller))
      .sort((a, b) => a.path.localeCompare(b.path) || a.method.localeCompare(b.method));
  }

  /** The route that a request of this method and path meets, and the path's `:id` if it has one; undefined for none. */
  find(method: string, path: string): { route: RouteEntry; id: string | undefined } | undefined {
    this.known ??= this.entries();
    for (const route of this.known) {
      const found = route.method === method && match<{ id?: string }>(route.path)(path);
      if (found) return { route, id: found.params.id };
    }
    return undefined;
  }

  private routesOf(controller: Type): RouteEntry[] {
    const prototype = controller.prototype as Record<string, () => unknown>;
    const base = this.reflector.get<string | string[]>(PATH_METADATA, controller);
    const version = this.reflector.get<string | symbol | undefined>(VERSION_METADATA, controller);
    const prefix = version === undefined || version === VERSION_NEUTRAL ? '' : `/v${String(version)}`;
    return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
      const handler = prototype[name]!;
      const verb = this.reflector.get<RequestMethod | undefined>(METHOD_METADATA, handler);
      if (verb === undefined) return [];
      const paths = [this.reflector.get<string | string[]>(PATH_METADATA, handler)].flat();
      return paths.map((path) => ({
        method: RequestMethod[verb],
        path:
          prefix +
          [[base].flat()[0], path]
            .filter((part) => part && part !== '/')
            .map((part) => `/${part!.replace(/^\//, '')}`)
            .join(''),
        access: this.reflector.get<Access | undefined>(ACCESS_KEY, handler),
        owner: this.reflector.get<Type<OwnerLookup> | undefined>(OWNER_KEY, handler),
        isWhileReadOnly: [READ_ONLY_KEY, CHANGES_NOTHING_KEY].some(
          (key) => this.reflector.get<boolean | undefined>(key, handler) === true,
        ),
        needsStepUp: this.reflector.get<boolean | undefined>(STEP_UP_KEY, handler) ?? false,
        status:
          this.reflector.get<number | undefined>(HTTP_CODE_METADATA, handler) ??
          (verb === RequestMethod.POST ? 201 : 200),
        handler,
      }));
    });
  }
}
