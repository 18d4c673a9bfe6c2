import { type DynamicModule, type InjectionToken, Module, type ModuleMetadata, type Provider } from '@nestjs/common';
import { StartupError } from '../database/startup-error.js';
import { type DataProvider } from './data-provider.js';
import { GuardedSource } from './guarded-source.js';
import { ProviderChain } from './provider-chain.js';
import { type ProviderName, providerRegistry } from './provider-registry.js';
import { SOURCE_SETTINGS } from './source-settings.js';
import { type ProvidersConfig, unknownSource } from './providers.config.js';

@Module({})
export class ProvidersModule {
  /**
   * `imports` are the modules that the chosen data sources read from: Discord and guilds.
   * @throws StartupError for a source that is named and not there
   */
  static forRoot(
    config: ProvidersConfig,
    imports: ModuleMetadata['imports'],
    plugins: readonly DataProvider[] = [],
  ): DynamicModule {
    const unknown = unknownSource(
      config.names,
      plugins.map(({ name }) => name),
    );
    if (unknown !== undefined) throw new StartupError(`DATA_PROVIDERS: ${unknown}`);
    const chosen = config.names.map((name) => sourceNamed(name, plugins));
    return {
      module: ProvidersModule,
      imports,
      providers: [
        { provide: SOURCE_SETTINGS, useValue: config.settings },
        ...chosen.map(({ provider }) => provider),
        {
          provide: ProviderChain,
          inject: chosen.map(({ token }) => token),
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

/** Ours by its class, a plugin's by its name. */
function sourceNamed(name: string, plugins: readonly DataProvider[]): { provider: Provider; token: InjectionToken } {
  const plugin = plugins.find((candidate) => candidate.name === name);
  if (plugin) {
    const token = `plugin:${name}`;
    return { provider: { provide: token, useValue: plugin }, token };
  }
  const { provider } = providerRegistry[name as ProviderName];
  return { provider, token: provider };
}
