import { type Type } from '@nestjs/common';
import { z } from 'zod';
import { type DataProvider } from './data-provider.js';
import { DiscordGatewayProvider } from './discord-gateway.provider.js';
import { DiscordRestProvider } from './discord-rest.provider.js';
import { fileSettings } from './file/file-settings.js';
import { FileProvider } from './file.provider.js';
import { httpSettings } from './http/http-settings.js';
import { HttpProvider } from './http.provider.js';
import { mockSettings } from './mock/mock-settings.js';
import { MockProvider } from './mock.provider.js';
import { postgresSettings } from './postgres/postgres-settings.js';
import { PostgresProvider } from './postgres.provider.js';
import { StoreProvider } from './store.provider.js';

export interface Source {
  provider: Type<DataProvider>;
  /** Its settings: the names of the environment are the keys. It gets them by `@Inject(SOURCE_SETTINGS)`. */
  settings: z.ZodObject;
  /** Keys that must be set when it is chosen. */
  needs?: readonly string[];
  /** Its guilds are made up. */
  demo?: boolean;
}

/** Every data source there is. The allowed values of `DATA_PROVIDERS` are these keys. */
export const providerRegistry = {
  mock: { provider: MockProvider, settings: mockSettings, demo: true },
  'discord-gateway': { provider: DiscordGatewayProvider, settings: z.object({}) },
  'discord-rest': { provider: DiscordRestProvider, settings: z.object({}) },
  postgres: { provider: PostgresProvider, settings: postgresSettings, needs: ['POSTGRES_SOURCE_URL'] },
  http: {
    provider: HttpProvider,
    settings: httpSettings,
    needs: ['HTTP_SOURCE_GUILDS_URL', 'HTTP_SOURCE_GUILD_URL'],
  },
  file: { provider: FileProvider, settings: fileSettings, needs: ['FILE_SOURCE_PATH'] },
  store: { provider: StoreProvider, settings: z.object({}) },
} as const satisfies Record<string, Source>;

export type ProviderName = keyof typeof providerRegistry;
export const providerNames = Object.keys(providerRegistry) as ProviderName[];
