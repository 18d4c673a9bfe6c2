import { z } from 'zod';
import { isSnowflake } from '../domain/snowflake.js';
import { shardCount, shardIds } from './shard-settings.js';

const unsetWhenEmpty = (value: unknown): unknown =>
  typeof value === 'string' && value.trim() === '' ? undefined : value;

const token = z.preprocess(
  unsetWhenEmpty,
  z
    .string()
    .transform((text) => text.trim().replace(/^Bot\s+/i, ''))
    .refine((text) => /^[\x21-\x7e]+$/.test(text), 'must be a bot token: one word of plain characters')
    .optional(),
);

const apiUrl = z.preprocess(
  unsetWhenEmpty,
  z
    .string()
    .trim()
    .superRefine((text, context) => {
      const url = URL.canParse(text) ? new URL(text) : undefined;
      if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
        context.addIssue({ code: 'custom', message: 'must be an http(s) address like https://discord.com/api' });
      } else if (url.username || url.password || url.search || url.hash) {
        context.addIssue({ code: 'custom', message: 'must not hold a user, a password, a query or a fragment' });
      }
    })
    // discord.js appends /v10 itself.
    .transform((text) => text.replace(/\/+$/, '').replace(/\/v\d+$/, ''))
    .default('https://discord.com/api'),
);

const guilds = z.preprocess(
  unsetWhenEmpty,
  z
    .string()
    .transform((text, context): '*' | string[] => {
      const ids = text
        .split(',')
        .map((id) => id.trim())
        .filter((id) => id !== '');
      if (ids.length === 1 && ids[0] === '*') return '*';
      const wrong: string[] = ids.filter((id) => !isSnowflake(id));
      if (wrong.length > 0) {
        const named = wrong.map((id) => `"${id}"`).join(', ');
        context.addIssue({ code: 'custom', message: `must be * or guild ids separated by commas, not ${named}` });
        return z.NEVER;
      }
      return [...new Set(ids)];
    })
    .optional(),
);

export const discordConfig = z.object({
  /** The bot's token. Without one the project does not speak to Discord at all. */
  DISCORD_TOKEN: token,
  /** Another name for `DISCORD_TOKEN`, which wins when both are set: read them through `discordToken`. */
  DISCORD_BOT_TOKEN: token,
  /** Where Discord's REST answers, without the version; the address of its gateway is asked for there. */
  DISCORD_API_URL: apiUrl,
  /** Which guilds are shown: ids, or `*` for all the bot is in. Unset: none. */
  GUILDS: guilds,
  /**
   * Requests that Discord may refuse (401, 403, 429) within ten minutes before nothing is asked and sent any more for a
   * while. Discord bars an address, with all bots on it, at 10 000.
   */
  /** Whether the bot has slash commands; they come over its session on Discord's gateway. */
  DISCORD_COMMANDS: z.enum(['on', 'off']).default('on'),
  /** Which shards this process holds: `auto` for all of them, or some, such as `0,1`. */
  DISCORD_SHARDS: shardIds,
  /** How many shards there are in all processes. Unset, with `auto`: as many as Discord recommends. */
  DISCORD_SHARD_COUNT: shardCount,
  DISCORD_MAX_REFUSALS: z.coerce.number().int().min(1).max(9_000).default(1_000),
});
export type DiscordConfig = z.infer<typeof discordConfig>;

/** The token by either of its names. */
export function discordToken(config: Pick<DiscordConfig, 'DISCORD_TOKEN' | 'DISCORD_BOT_TOKEN'>): string | undefined {
  return config.DISCORD_TOKEN ?? config.DISCORD_BOT_TOKEN;
}
