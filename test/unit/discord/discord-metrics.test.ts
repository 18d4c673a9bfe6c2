import { expect, it } from 'vitest';
import { DiscordMetrics } from '../../../src/discord/discord.metrics.js';
import { type DiscordStatus } from '../../../src/discord/discord-status.js';
import { InvalidRequestBudget } from '../../../src/discord/invalid-request-budget.js';
import { Metrics } from '../../../src/telemetry/metrics.js';

it('measures each shard of several, and none where there is one', async () => {
  const now: { status: ReturnType<DiscordStatus['current']> } = { status: { state: 'ready', missingIntents: [] } };
  const metrics = new Metrics();
  const status = { current: () => now.status, hiddenGuilds: () => [], settled: () => Promise.resolve() };
  new DiscordMetrics(status, new InvalidRequestBudget(100), metrics);
  const shards = async () =>
    (await metrics.expose()).split('\n').filter((line) => line.startsWith('guildcast_discord_shard_up'));
  expect(await shards()).toEqual([]);
  now.status = {
    ...now.status,
    shards: [
      { id: 4, up: true },
      { id: 5, up: false },
    ],
  };
  expect(await shards()).toEqual([
    'guildcast_discord_shard_up{shard="4"} 1',
    'guildcast_discord_shard_up{shard="5"} 0',
  ]);
});
