import { z } from 'zod';

const unsetWhenEmpty = (value: unknown): unknown =>
  typeof value === 'string' && value.trim() === '' ? undefined : value;

const mostShards = 10_000;

/** `auto`, or the ids of shards, separated by commas. */
export const shardIds = z.preprocess(
  unsetWhenEmpty,
  z
    .string()
    .transform((text, context): 'auto' | number[] => {
      const ids = text.split(',').map((id) => id.trim());
      if (ids.length === 1 && ids[0] === 'auto') return 'auto';
      if (!ids.every((id) => /^\d{1,4}$/.test(id))) {
        context.addIssue({ code: 'custom', message: 'must be auto, or numbers of shards such as 0,1' });
        return z.NEVER;
      }
      return [...new Set(ids.map(Number))].sort((a, b) => a - b);
    })
    .default('auto'),
);

export const shardCount = z.preprocess(unsetWhenEmpty, z.coerce.number().int().min(1).max(mostShards).optional());

export interface ShardSettings {
  DISCORD_SHARDS: 'auto' | number[];
  DISCORD_SHARD_COUNT?: number | undefined;
}

/** What is wrong between the two, as a sentence behind the setting's name. */
export function shardFault({ DISCORD_SHARDS: ids, DISCORD_SHARD_COUNT: count }: ShardSettings): string | undefined {
  if (ids === 'auto') return undefined;
  if (count === undefined) return 'DISCORD_SHARD_COUNT: must say how many there are in all, beside DISCORD_SHARDS';
  const beyond = ids.find((id) => id >= count);
  return beyond === undefined
    ? undefined
    : `DISCORD_SHARDS: with ${count} shards in all the last one is ${count - 1}, there is no ${beyond}`;
}

/** As discord.js takes them: all that Discord recommends, all of a number, or some of it. */
export function shardOptions({ DISCORD_SHARDS: ids, DISCORD_SHARD_COUNT: count }: ShardSettings): {
  shards: 'auto' | number[];
  shardCount?: number;
} {
  if (count === undefined) return { shards: ids };
  return { shards: ids === 'auto' ? Array.from({ length: count }, (_, id) => id) : ids, shardCount: count };
}
