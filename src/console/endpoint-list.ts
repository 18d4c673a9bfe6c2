import { Injectable, RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';

/** Served beside the controllers. */
const others = ['GET /docs', 'GET /openapi.json', 'GET /socket.io/'];

/** What the program answers on HTTP, like `GET /api/v1/guilds/:guild`, found in the controllers themselves. */
@Injectable()
export class EndpointList {
  private known: string[] | undefined;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  all(): string[] {
    this.known ??= [...this.controllers().flatMap((type) => this.endpointsOf(type)), ...others].sort(byPath);
    return this.known;
  }

  private controllers(): Type[] {
    return this.discovery.getControllers().flatMap(({ metatype }) => (metatype ? [metatype as Type] : []));
  }

  private endpointsOf(controller: Type): string[] {
    const prototype = controller.prototype as Record<string, object>;
    return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
      const handler = prototype[name];
      const method: unknown = handler && Reflect.getMetadata(METHOD_METADATA, handler);
      if (!handler || typeof method !== 'number') return [];
      return pathsOf(controller).flatMap((base) =>
        pathsOf(handler).map((path) => `${RequestMethod[method]} ${join(base, path)}`),
      );
    });
  }
}

function pathsOf(target: object): string[] {
  const paths = Reflect.getMetadata(PATH_METADATA, target) as string | string[] | undefined;
  return typeof paths === 'string' ? [paths] : (paths ?? ['']);
}

function join(...parts: string[]): string {
  return `/${parts
    .map((part) => part.replace(/^\/+|\/+$/g, ''))
    .filter((part) => part !== '')
    .join('/')}`;
}

function byPath(a: string, b: string): number {
  const [methodA = '', pathA = ''] = a.split(' ');
  const [methodB = '', pathB = ''] = b.split(' ');
  return pathA < pathB ? -1 : pathA > pathB ? 1 : methodA < methodB ? -1 : methodA > methodB ? 1 : 0;
}
