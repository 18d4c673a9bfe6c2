import { type Type } from '@nestjs/common';
import { type DataProvider } from './data-provider.js';
import { DiscordGatewayProvider } from './discord-gateway.provider.js';
import { MockProvider } from './mock.provider.js';

/** Every data source there is. The allowed values of `DATA_PROVIDERS` are these keys. */
export const providerRegistry = {
  mock: MockProvider,
  'discord-gateway': DiscordGatewayProvider,
} as const satisfies Record<string, Type<DataProvider>>;

export type ProviderName = keyof typeof providerRegistry;
export const providerNames = Object.keys(providerRegistry) as ProviderName[];
