import { type DynamicModule, type INestApplication, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { ZodValidationPipe } from 'nestjs-zod';
import { AccessModule } from '../../../src/access/access.module.js';
import { AttemptLimiter } from '../../../src/access/attempt-limiter.js';
import { CacheModule } from '../../../src/cache/cache.module.js';
import { cacheConfig } from '../../../src/cache/cache.config.js';
import { FailedAttempts } from '../../../src/rate-limit/failed-attempts.js';
import { type RateLimitConfig, rateLimitConfig } from '../../../src/rate-limit/rate-limit.config.js';
import { RateLimitModule } from '../../../src/rate-limit/rate-limit.module.js';
import { ProblemFilter } from '../../../src/rest/problem.filter.js';
import { apiKeysOf } from '../../support/api-keys.js';

export const keys = {
  admin: 'admin-key-of-the-tests',
  publish: 'publish-key-of-the-tests',
  read: 'read-key-of-the-tests',
};

@Module({})
class ProbeModule {}

interface ProbeOptions {
  controllers: Type[];
  providers?: ModuleMetadata['providers'];
  imports?: DynamicModule[];
  /** Settings of the rate limit; the connections of a test all come from loopback, which is trusted here. */
  limits?: Partial<Record<keyof RateLimitConfig, string>>;
  /** Called before the app listens. */
  configure?: (app: INestApplication) => void;
}

/** The doors of the real app around probe controllers, on a free port of loopback. */
export async function startProbeApp({
  controllers,
  providers = [],
  imports = [],
  limits = {},
  configure,
}: ProbeOptions): Promise<INestApplication> {
  const rateLimit = RateLimitModule.forRoot(rateLimitConfig.parse({ TRUST_PROXY: 'loopback', ...limits }));
  const apiKeys = apiKeysOf([
    { scope: 'admin', key: keys.admin },
    { scope: 'publish', key: keys.publish },
    { scope: 'read', key: keys.read },
  ]);
  const moduleRef = await Test.createTestingModule({
    imports: [
      ...imports,
      rateLimit,
      AccessModule.forRoot({
        apiKeys,
        imports: [rateLimit],
        attempts: { provide: AttemptLimiter, useExisting: FailedAttempts },
      }),
      CacheModule.forRoot(cacheConfig.parse({})),
      {
        module: ProbeModule,
        imports: [rateLimit],
        controllers,
        providers: [
          { provide: APP_FILTER, useClass: ProblemFilter },
          { provide: APP_PIPE, useClass: ZodValidationPipe },
          ...providers,
        ],
      },
    ],
  }).compile();
  const app = moduleRef.createNestApplication<NestExpressApplication>({ logger: false });
  configure?.(app);
  await app.listen(0, '127.0.0.1');
  return app;
}
