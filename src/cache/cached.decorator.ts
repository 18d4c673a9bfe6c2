import { SetMetadata } from '@nestjs/common';
import { type Request, type Response } from 'express';

export const cachedKey = 'guildcast:cached';

export interface CachedOptions {
  /** How long an answer is served again, here and by caches on the way. */
  ttlSeconds: number;
  /** Names under which `CacheInvalidation` throws the answer away before its time. */
  tags?: (request: Request) => string[];
}

/**
 * Lets the answers of a GET handler be kept and served again. The handler must answer by its return value alone (JSON,
 * status 200), and the answer may depend on nothing but path, query and `Accept`; otherwise it calls `keepPrivate`.
 */
export function Cached(options: CachedOptions): MethodDecorator {
  return SetMetadata<string, CachedOptions>(cachedKey, options);
}

/** Says that the answer being made is for this caller alone: it is not kept, here or anywhere else. */
export function keepPrivate(response: Response): void {
  (response.locals as PrivateMark).guildcastPrivate = true;
}

export function isKeptPrivate(response: Response): boolean {
  return (response.locals as PrivateMark).guildcastPrivate === true;
}

interface PrivateMark {
  guildcastPrivate?: true;
}
