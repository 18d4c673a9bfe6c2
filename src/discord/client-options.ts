import {
  type ClientOptions,
  GatewayIntentBits,
  Options,
  Partials,
  type RESTOptions,
  type Snowflake,
  type User,
} from 'discord.js';
import { type InvalidRequestBudget } from './invalid-request-budget.js';
import { tracedRequest } from './send-trace.js';
import { type ShardSettings, shardOptions } from './shard-settings.js';

/** Longest wait for a rate limit inside discord.js, in milliseconds; for longer ones the caller is told. */
const longestRateLimit = 2_000;

/** The same between the pages of a member list, which would have to be begun anew. */
const longestPageWait = 15_000;

const guildIntents =
  GatewayIntentBits.Guilds |
  GatewayIntentBits.GuildMembers |
  GatewayIntentBits.GuildPresences |
  GatewayIntentBits.GuildVoiceStates |
  GatewayIntentBits.GuildMessages |
  GatewayIntentBits.GuildMessageTyping |
  GatewayIntentBits.MessageContent;

export function restOptions(apiUrl: string, budget: InvalidRequestBudget): Partial<RESTOptions> {
  return {
    api: apiUrl,
    makeRequest: tracedRequest,
    timeout: 10_000,
    // Without a pause between them; the queue's own schedule does better.
    retries: 1,
    // A 429 that names no pause would be asked again and again without one; the budget bounds all of them.
    rejectOnRateLimit: ({ retryAfter, route }) =>
      retryAfter <= 0 ||
      retryAfter > (/^\/guilds\/[^/]+\/members$/.test(route) ? longestPageWait : longestRateLimit) ||
      budget.pause > 0,
    // Every one is told.
    invalidRequestWarningInterval: 1,
  };
}

/** `directs`: whether Discord tells of direct messages too. */
export function clientOptions(
  apiUrl: string,
  budget: InvalidRequestBudget,
  { directs, ...shards }: ShardSettings & { directs: boolean },
): ClientOptions {
  return {
    ...shardOptions(shards),
    intents: directs ? guildIntents | GatewayIntentBits.DirectMessages : guildIntents,
    // Edits and deletes are of messages that are not in the cache. Partial channels would be those of direct messages:
    // without them discord.js keeps nothing of what people write to the bot, and tells nobody.
    partials: [Partials.Message],
    allowedMentions: { parse: [] },
    enforceNonce: true,
    ws: { large_threshold: 250 },
    rest: restOptions(apiUrl, budget),
    // Guilds, channels, roles, members, presences and voice states are what is shown; of the rest nothing is read back.
    makeCache: Options.cacheWithLimits({
      ...Options.DefaultMakeCacheSettings,
      ApplicationCommandManager: 0,
      ApplicationEmojiManager: 0,
      AutoModerationRuleManager: 0,
      DMMessageManager: 0,
      EntitlementManager: 0,
      GuildBanManager: 0,
      GuildEmojiManager: 0,
      GuildInviteManager: 0,
      GuildMessageManager: 0,
      GuildScheduledEventManager: 0,
      GuildStickerManager: 0,
      MessageManager: 0,
      ReactionManager: 0,
      ReactionUserManager: 0,
      StageInstanceManager: 0,
      ThreadMemberManager: 0,
    }),
    sweepers: {
      ...Options.DefaultSweeperSettings,
      // Authors and mentioned people who are members of no guild.
      users: { interval: 3_600, filter: strangers },
    },
  };
}

function strangers(): (user: User) => boolean {
  let members: Set<Snowflake> | undefined;
  return (user) => {
    members ??= new Set(user.client.guilds.cache.flatMap((guild) => guild.members.cache).keys());
    return user.id !== user.client.user.id && !members.has(user.id);
  };
}
