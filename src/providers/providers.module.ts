import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { type DataProvider } from './data-provider.js';
import { GuardedSource } from './guarded-source.js';
import { ProviderChain } from './provider-chain.js';
import { providerRegistry } from './provider-registry.js';
import { SOURCE_SETTINGS } from './source-settings.js';
import { type ProvidersConfig } from './providers.config.js';

@Module({})
export class ProvidersModule {
  /** `imports` are the modules that the chosen data sources read from: Discord and guilds. */
  static forRoot(config: ProvidersConfig, imports: ModuleMetadata['imports']): DynamicModule {
    const chosen = config.names.map((name) => providerRegistry[name].provider);
    return {
      module: ProvidersModule,
      imports,
      providers: [
        { provide: SOURCE_SETTINGS, useValue: config.settings },
        ...chosen,
        {
          provide: ProviderChain,
          inject: chosen,
          useFactory: (...providers: DataProvider[]) =>
            new ProviderChain(
              providers.map((provider, index) => {
                const emptyIsFailure = config.emptyIsFailure.includes(config.names[index]!);
                return new GuardedSource(provider, { ...config.limits, emptyIsFailure });
              }),
              config.chain,
            ),
        },
      ],
      exports: [ProviderChain],
    };
  }
}
