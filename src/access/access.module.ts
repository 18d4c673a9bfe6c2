import { type DynamicModule, Module, type ModuleMetadata, type Provider } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { ApiKeys } from './api-keys.js';

interface AccessOptions {
  apiKeys: ApiKeys;
  /** Provides the token `AttemptLimiter`; what it needs comes from `imports`. */
  attempts: Provider;
  imports?: ModuleMetadata['imports'];
}

/** Guards every HTTP handler of the app. Sockets are no business of Nest's global guards: they ask `ApiKeys`. */
@Module({})
export class AccessModule {
  static forRoot({ apiKeys, attempts, imports = [] }: AccessOptions): DynamicModule {
    return {
      module: AccessModule,
      imports,
      providers: [{ provide: ApiKeys, useValue: apiKeys }, attempts, { provide: APP_GUARD, useClass: AccessGuard }],
      exports: [ApiKeys, attempts],
    };
  }
}
