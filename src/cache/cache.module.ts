import { type DynamicModule, Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { type CacheConfig } from './cache.config.js';
import { CacheInterceptor } from './cache.interceptor.js';
import { CacheInvalidation } from './cache-invalidation.js';
import { CacheStore } from './cache-store.js';
import { MemoryCacheStore } from './memory-cache-store.js';
import { ResponseCache } from './response-cache.js';

/** Caches the handlers marked `@Cached`. Imported after the rate limit, so that served-again answers count too. */
@Module({})
export class CacheModule {
  static forRoot(config: CacheConfig): DynamicModule {
    return {
      module: CacheModule,
      providers: [
        {
          provide: CacheStore,
          useFactory: () =>
            new MemoryCacheStore({ maxEntries: config.CACHE_MAX_ENTRIES, maxBytes: config.CACHE_MAX_BYTES }),
        },
        ResponseCache,
        { provide: CacheInvalidation, useExisting: ResponseCache },
        { provide: APP_INTERCEPTOR, useClass: CacheInterceptor },
      ],
      exports: [CacheInvalidation],
    };
  }
}
