import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { type DataProvider } from './data-provider.js';
import { MOCK_OPTIONS } from './mock/mock-options.js';
import { ProviderChain } from './provider-chain.js';
import { providerRegistry } from './provider-registry.js';
import { type ProvidersConfig } from './providers.config.js';

@Module({})
export class ProvidersModule {
  /** `imports` are the modules that the chosen data sources read from: Discord and guilds. */
  static forRoot(config: ProvidersConfig, imports: ModuleMetadata['imports']): DynamicModule {
    const chosen = config.names.map((name) => providerRegistry[name]);
    return {
      module: ProvidersModule,
      imports,
      providers: [
        { provide: MOCK_OPTIONS, useValue: config.mock },
        ...chosen,
        {
          provide: ProviderChain,
          inject: chosen,
          useFactory: (...providers: DataProvider[]) => new ProviderChain(providers, config.timeoutMs),
        },
      ],
      exports: [ProviderChain],
    };
  }
}
