import { type KeyEntry } from '../access/api-keys.js';
import { type DatabaseReading } from '../database/database-examination.js';
import { type EmbeddedReading } from '../database/embedded-examination.js';
import { type DiscordReading } from '../discord/discord-reading.js';
import { type DiscordStatus } from '../discord/discord-status.js';
import { type DiscordConfig } from '../discord/discord.config.js';
import { type GatewayConfig } from '../gateway/gateway.config.js';
import { type ProvidersConfig } from '../providers/providers.config.js';
import { type SourceReport } from '../providers/source-report.js';
import { type RateLimitConfig } from '../rate-limit/rate-limit.config.js';
import { type ChannelReading } from './guild-channels.js';

/** The settings that checks look at. */
export type DoctorConfig = DiscordConfig &
  Pick<GatewayConfig, 'CORS_ORIGINS'> &
  Pick<RateLimitConfig, 'TRUST_PROXY'> & {
    API_KEYS: readonly KeyEntry[];
    DATABASE_URL?: string;
    DATA_DIR: string;
    REDIS_URL?: string;
    providers: ProvidersConfig;
  };

/** `reading` is there when a database was asked, `embedded` when it is that of DATA_DIR and not asked by the one who runs it. */
export interface DatabaseState {
  reading?: DatabaseReading;
  embedded?: EmbeddedReading;
}

/** How a request reached the running program. */
export interface Visit {
  /** The other end of the connection. */
  peer: string;
  /** Whether a proxy has left its mark on it. */
  forwarded: boolean;
}

/** What is examined. Its readings are taken at most once in a run, whatever number of checks look at them. */
export interface Installation {
  config: DoctorConfig;
  /** @throws StartupError when there is none to use */
  database: () => Promise<DatabaseState>;
  /** Undefined without a token. */
  discord: () => Promise<DiscordReading | undefined>;
  channels: () => Promise<ChannelReading | undefined>;
  /** @throws StartupError */
  sources: () => Promise<SourceReport[]>;
  /** Of the running program; undefined for one that is not running. */
  session?: DiscordStatus;
  /** Undefined when nobody came by HTTP. */
  visit?: Visit;
}
