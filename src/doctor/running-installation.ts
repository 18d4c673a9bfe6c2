import { type DiscordStatus } from '../discord/discord-status.js';
import { type ProviderChain } from '../providers/provider-chain.js';
import { databaseState } from './database-state.js';
import { type DoctorConfig, type Installation, type Visit } from './installation.js';
import { discordReadings } from './discord-readings.js';
import { sharedReading } from './shared-reading.js';

/** Milliseconds for which a reading serves whoever asks: each costs others something, a refused token above all. */
const freshness = 5_000;

/** The installation that this process runs. */
export class RunningInstallation {
  private readonly parts: Installation;

  /** `databaseUrl`: how this process reaches its own. */
  constructor(config: DoctorConfig, databaseUrl: string, session: DiscordStatus, chain: ProviderChain) {
    this.parts = {
      config,
      session,
      database: sharedReading(() => databaseState(config, databaseUrl), freshness),
      ...discordReadings(config, freshness),
      sources: sharedReading(() => chain.examine(), freshness),
    };
  }

  visitedBy(visit: Visit): Installation {
    return { ...this.parts, visit };
  }
}
