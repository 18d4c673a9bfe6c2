import { Injectable } from '@nestjs/common';
import { Metrics } from '../telemetry/metrics.js';
import { discordStates, DiscordStatus } from './discord-status.js';

/** How the bot stands with Discord. */
@Injectable()
export class DiscordMetrics {
  constructor(status: DiscordStatus, metrics: Metrics) {
    const shards: readonly string[] = [];
    metrics.readAtScrape(
      {
        name: 'guildcast_discord_shard_up',
        help: 'Of a bot with several shards, for each of this process: 1 while it has a session, else 0.',
        labels: { shard: shards },
      },
      () => (status.current().shards ?? []).map(({ id, up }) => ({ labels: { shard: String(id) }, value: up ? 1 : 0 })),
    );
    metrics.readAtScrape(
      {
        name: 'guildcast_discord_state',
        help: 'The session with Discord, or what stands for one over REST: 1 for the state it is in, 0 for the others.',
        labels: { state: discordStates },
      },
      () => {
        const now = status.current().state;
        return discordStates.map((state) => ({ labels: { state }, value: state === now ? 1 : 0 }));
      },
    );
  }
}
