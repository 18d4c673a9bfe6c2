import { Injectable } from '@nestjs/common';
import { Metrics } from '../telemetry/metrics.js';
import { discordStates, DiscordStatus } from './discord-status.js';
import { InvalidRequestBudget } from './invalid-request-budget.js';

/** How the bot stands with Discord, and how near the bound of refused requests is. */
@Injectable()
export class DiscordMetrics {
  constructor(status: DiscordStatus, budget: InvalidRequestBudget, metrics: Metrics) {
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
    metrics.readAtScrape(
      {
        name: 'guildcast_discord_refusals',
        help: 'Requests that Discord refused (401, 403, 429) in the last ten minutes, at most DISCORD_MAX_REFUSALS.',
        labels: {},
      },
      () => [{ labels: {}, value: budget.refusals }],
    );
    metrics.readAtScrape(
      {
        name: 'guildcast_discord_sending_paused',
        help: '1 while nothing is sent, so that Discord does not bar this address; else 0.',
        labels: {},
      },
      () => [{ labels: {}, value: budget.pause > 0 ? 1 : 0 }],
    );
  }
}
