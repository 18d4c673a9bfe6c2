import { z } from 'zod';
import { accessConfig } from './access/access.config.js';
import { cacheConfig } from './cache/cache.config.js';
import { databaseConfig } from './database/database.config.js';
import { discordConfig, discordToken } from './discord/discord.config.js';
import { shardFault } from './discord/shard-settings.js';
import { doorsConfig } from './doors/doors.config.js';
import { StartupError } from './database/startup-error.js';
import { eventLogConfig } from './event-log/event-log.config.js';
import { gatewayConfig } from './gateway/gateway.config.js';
import {
  type ProvidersConfig,
  providersConfig,
  readProviders,
  sourceShapes,
  sourceFaults,
  unknownSource,
  listed,
} from './providers/providers.config.js';
import { webhookConfig } from './queue/endpoints/webhook.config.js';
import { queueConfig } from './queue/queue.config.js';
import { remoteSourcesConfig, remoteSourcesFault } from './queue/sources/remote-sources.config.js';
import { rateLimitConfig } from './rate-limit/rate-limit.config.js';
import { metricsConfig } from './telemetry/metrics.config.js';
import { telemetryConfig } from './telemetry/telemetry.config.js';

const listenConfig = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  /** 0 takes a free one. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  /** For several processes; one process alone does not use it. */
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must begin with redis:// or rediss://')
    .optional(),
});

/** Every feature's settings in one: the names of the environment are its keys. */
export const appShape = z.object({
  ...listenConfig.shape,
  ...telemetryConfig.shape,
  ...metricsConfig.shape,
  ...databaseConfig.shape,
  ...accessConfig.shape,
  ...rateLimitConfig.shape,
  ...cacheConfig.shape,
  ...eventLogConfig.shape,
  ...discordConfig.shape,
  ...doorsConfig.shape,
  ...providersConfig.shape,
  ...sourceShapes,
  ...queueConfig.shape,
  ...webhookConfig.shape,
  ...remoteSourcesConfig.shape,
  ...gatewayConfig.shape,
});

export type AppConfig = z.infer<typeof appShape> & { providers: ProvidersConfig };

/**
 * Reads the settings from the environment; an empty value counts as unset.
 * @throws StartupError that names every fault, each with its key, and no secret.
 */
export function readConfig(environment: Record<string, string | undefined>): AppConfig {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()));
  const result = appShape.safeParse(set);
  const faults = result.success ? [] : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  const unknown = set.PROVIDER_PLUGINS === undefined ? unknownSource(listed(set.DATA_PROVIDERS ?? '')) : undefined;
  if (unknown !== undefined) faults.push(`DATA_PROVIDERS: ${unknown}`);
  if (result.success) {
    const config = { ...result.data, providers: readProviders(result.data, usualSource(result.data)) };
    faults.push(...contradictions(config, { production: set.NODE_ENV === 'production' }));
    if (faults.length === 0) return config;
  }
  const list = faults.map((fault) => `  - ${fault}`).join('\n');
  throw new StartupError(`Some settings are not right (see .env.example):\n${list}`);
}

function usualSource(config: z.infer<typeof appShape>): 'mock' | 'discord-gateway' {
  return discordToken(config) === undefined ? 'mock' : 'discord-gateway';
}

/** Faults between settings that are each right by themselves. */
function contradictions(config: AppConfig, { production }: { production: boolean }): string[] {
  const faults: string[] = [];
  for (const name of ['discord-gateway', 'discord-rest'].filter((bot) => config.providers.names.includes(bot))) {
    if (discordToken(config) === undefined) faults.push(`DATA_PROVIDERS: ${name} needs a bot token in DISCORD_TOKEN`);
  }
  const shards = shardFault(config);
  if (shards !== undefined) faults.push(shards);
  const remote = remoteSourcesFault(config, { token: discordToken(config) !== undefined });
  if (remote !== undefined) faults.push(remote);
  faults.push(...sourceFaults(config.providers, { production }));
  if (config.METRICS_PORT !== undefined && config.METRICS_PORT !== 0 && config.METRICS_PORT === config.PORT) {
    faults.push('METRICS_PORT: must be another port than PORT');
  }
  return faults;
}
