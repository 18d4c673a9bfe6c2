import { describe, expect, it } from 'vitest';
import { discordConfig } from '../../../src/discord/discord.config.js';
import { shardFault, shardOptions } from '../../../src/discord/shard-settings.js';

const read = (shards: string | undefined, count?: string) =>
  discordConfig.parse({ DISCORD_SHARDS: shards, DISCORD_SHARD_COUNT: count });

describe('The settings of shards', () => {
  it.each([
    [undefined, undefined, { shards: 'auto' }],
    ['', '', { shards: 'auto' }],
    [' auto ', undefined, { shards: 'auto' }],
    ['auto', '3', { shards: [0, 1, 2], shardCount: 3 }],
    ['2, 0,2', '4', { shards: [0, 2], shardCount: 4 }],
    ['0', '1', { shards: [0], shardCount: 1 }],
  ])('%j of %j', (shards, count, options) => {
    const settings = read(shards, count);
    expect(shardFault(settings)).toBeUndefined();
    expect(shardOptions(settings)).toEqual(options);
  });

  it.each(['one', '0,', '-1', '0;1', '1.5', 'auto,1', '12345'])('refuses the list %j', (shards) => {
    expect(discordConfig.safeParse({ DISCORD_SHARDS: shards }).error?.issues[0]?.message).toContain('must be auto');
  });

  it.each(['0', '-1', '2.5', 'many', '10001'])('refuses the number %j', (count) => {
    expect(discordConfig.safeParse({ DISCORD_SHARD_COUNT: count }).success).toBe(false);
  });

  it('says what does not fit together', () => {
    expect(shardFault(read('0,1'))).toContain('DISCORD_SHARD_COUNT: must say');
    expect(shardFault(read('0,2', '2'))).toBe('DISCORD_SHARDS: with 2 shards in all the last one is 1, there is no 2');
  });
});
