import { type DynamicModule, Module } from '@nestjs/common';
import { AccessModule } from './access/access.module.js';
import { type ApiKeys } from './access/api-keys.js';
import { AttemptLimiter } from './access/attempt-limiter.js';
import { type AppConfig } from './app.config.js';
import { CacheModule } from './cache/cache.module.js';
import { ConsoleModule } from './console/console.module.js';
import { type DatabaseConnection } from './database/database-connection.js';
import { DatabaseModule } from './database/database.module.js';
import { CommandsModule } from './discord/commands/commands.module.js';
import { discordToken } from './discord/discord.config.js';
import { DiscordModule } from './discord/discord.module.js';
import { EchoModule } from './discord/echo.module.js';
import { DoorsModule } from './doors/doors.module.js';
import { DoctorModule } from './doctor/doctor.module.js';
import { EventLogModule } from './event-log/event-log.module.js';
import { GatewayModule } from './gateway/gateway.module.js';
import { GuildsModule } from './guilds/guilds.module.js';
import { type DataProvider } from './providers/data-provider.js';
import { ProvidersModule } from './providers/providers.module.js';
import { QueueModule } from './queue/queue.module.js';
import { RemoteSourcesModule } from './queue/sources/remote-sources.module.js';
import { FailedAttempts } from './rate-limit/failed-attempts.js';
import { RateLimitModule } from './rate-limit/rate-limit.module.js';
import { DatabaseCheck } from './rest/database.check.js';
import { DiscordCheck } from './rest/discord.check.js';
import { RestModule } from './rest/rest.module.js';
import { StoreModule } from './store/store.module.js';
import { LoggingModule } from './telemetry/logging.module.js';

/** What is known only once the process is under way. */
export interface AppResources {
  connection: DatabaseConnection;
  apiKeys: ApiKeys;
  /** Data sources of the operator. */
  plugins?: readonly DataProvider[];
}

/** The map of the house: which modules there are, with which options, and who knows whom. Only this file wires. */
@Module({})
export class AppModule {
  static forRoot(config: AppConfig, { connection, apiKeys, plugins }: AppResources): DynamicModule {
    const logging = LoggingModule.forRoot(config);
    const database = DatabaseModule.forRoot(connection);
    const eventLog = EventLogModule.forRoot(config);
    const rateLimit = RateLimitModule.forRoot(config);
    const cache = CacheModule.forRoot(config);
    const access = AccessModule.forRoot({
      apiKeys,
      attempts: { provide: AttemptLimiter, useExisting: FailedAttempts },
      imports: [rateLimit],
    });
    const { chain, names } = config.providers;
    // Where no bot could deliver, consumers do.
    const QUEUE_DELIVERY = config.QUEUE_DELIVERY ?? (discordToken(config) === undefined ? 'pull' : 'push');
    // A session that nobody reads from is none.
    const discord = DiscordModule.forRoot(config, {
      gateway: names.includes('discord-gateway'),
      rest: names.includes('discord-rest'),
      directs: QUEUE_DELIVERY === 'push',
    });
    const store = StoreModule.forRoot({
      speaksFor: (guildId) => (chain.guildSources.get(guildId) ?? names).includes('store'),
    });
    const providers = ProvidersModule.forRoot(config.providers, [discord, GuildsModule, store], plugins);
    const queue = QueueModule.forRoot({ config: { ...config, QUEUE_DELIVERY }, webhooks: config, imports: [discord] });
    const remoteSources = RemoteSourcesModule.forRoot({ config, imports: [queue] });
    const doors = DoorsModule.forRoot(config, [discord, GuildsModule]);
    const gateway = GatewayModule.forRoot(config, [providers, GuildsModule, access, rateLimit, cache]);
    // They come over the session.
    const commanded = config.DISCORD_COMMANDS === 'on' && names.includes('discord-gateway') && discordToken(config);
    const commands = commanded
      ? [CommandsModule.forRoot({ publicUrl: config.PUBLIC_URL, imports: [discord, GuildsModule, gateway, queue] })]
      : [];
    const echo =
      names.includes('discord-gateway') && discordToken(config)
        ? [EchoModule.forRoot({ imports: [discord, queue] })]
        : [];
    const rest = RestModule.forRoot({
      imports: [access, rateLimit, gateway, GuildsModule, queue, remoteSources, database, discord, store, doors],
      healthChecks: [DatabaseCheck, DiscordCheck],
      ...(config.METRICS_PORT !== undefined && { metricsServer: { port: config.METRICS_PORT, host: config.HOST } }),
    });
    return {
      module: AppModule,
      // The rate limit comes before the cache: what is served again counts too.
      imports: [
        logging,
        database,
        eventLog,
        rateLimit,
        cache,
        access,
        GuildsModule,
        discord,
        store,
        providers,
        doors,
        queue,
        remoteSources,
        gateway,
        rest,
        DoctorModule.forRoot(config, { connection, imports: [discord, providers] }),
        ConsoleModule,
        ...commands,
        ...echo,
      ],
    };
  }
}
