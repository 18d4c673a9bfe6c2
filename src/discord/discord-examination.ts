import { REST, RESTEvents, Routes } from 'discord.js';
import { z } from 'zod';
import { snowflake } from '../domain/snowflake.js';
import { BotStanding } from './bot-standing.js';
import { channelOfGuild, guildOfRoles, memberOfRoles, openChannels } from './channel-permissions.js';
import { restOptions } from './client-options.js';
import { type Refusal, refusalSentences } from './connection-refusal.js';
import { DiscordBusyError } from './discord-busy.error.js';
import { type DiscordReading, type NamedGuild, type OpenChannel } from './discord-reading.js';
import { type DiscordConfig, discordToken } from './discord.config.js';
import { faultText } from './fault-text.js';
import { InvalidRequestBudget } from './invalid-request-budget.js';
import { listedGuild } from './normalise-rest.js';
import { intentsOff } from './privileged-intents.js';
import { RestReader } from './rest-reader.js';

const application = z.object({
  id: snowflake,
  name: z.string(),
  flags: z.number().int().optional(),
  bot: z.object({ id: snowflake, username: z.string() }).optional(),
});
const listedGuilds = z.array(listedGuild);
const channelsOfGuild = z.array(channelOfGuild);

/** As many as Discord gives at once, and more than a bot without shards can be in. */
const guildPages = { size: 200, most: 25_000 };

/** Asks Discord over REST how the bot stands, beside whatever session it has, and changes nothing there. */
export class DiscordExamination {
  constructor(private readonly config: DiscordConfig) {}

  /** Undefined without a token: nothing is asked then. Never throws. A token that is refused is shown once. */
  async read(signal: AbortSignal): Promise<DiscordReading | undefined> {
    const token = discordToken(this.config);
    if (token === undefined) return undefined;
    const { rest, reader, standing } = this.open(token);
    const reading: DiscordReading = { missingIntents: [], guilds: [] };
    const askedAt = Date.now();
    rest.once(RESTEvents.Response, (_request, { headers }) => {
      reading.clockAheadMs = clockAhead(headers.get('date'), askedAt, Date.now());
    });
    try {
      const question = { route: Routes.currentApplication(), what: 'an application', shape: application, signal };
      const { id, name, flags, bot } = (await reader.get(question))!;
      reading.missingIntents = (flags === undefined ? [] : intentsOff(flags)).map(({ name: intent, label }) => ({
        name: intent,
        label,
      }));
      const list = { route: Routes.userGuilds(), what: 'a list of guilds', shape: listedGuilds, signal };
      const guilds = await reader.getAll(list, { ...guildPages, idOf: idOfGuild, read: namedGuild });
      reading.guilds = guilds!;
      reading.bot = { id: bot?.id ?? id, name: bot?.username ?? name };
    } catch (error) {
      const other = error instanceof DiscordBusyError ? 'busy' : 'unreached';
      const kind = standing.tokenRefusal() === undefined ? other : 'token';
      reading.fault = { kind, sentence: faultText(error) };
    }
    return reading;
  }

  /**
   * The channels of a guild whose messages may be shown, and which of them the bot reads.
   * @throws Error in one sentence
   */
  async channels(guildId: string, botId: string, signal: AbortSignal): Promise<OpenChannel[]> {
    const { reader } = this.open(discordToken(this.config) ?? '');
    const [guild, channels, member] = await Promise.all([
      reader.get({ route: Routes.guild(guildId), what: 'a guild', shape: guildOfRoles, signal }),
      reader.get({ route: Routes.guildChannels(guildId), what: 'a list of channels', shape: channelsOfGuild, signal }),
      reader.get({ route: Routes.guildMember(guildId, botId), what: 'a member', shape: memberOfRoles, signal }),
    ]);
    return openChannels(guild!, channels!, { id: botId, roles: member!.roles });
  }

  private open(token: string): { rest: REST; reader: RestReader; standing: ExaminedStanding } {
    const budget = new InvalidRequestBudget(this.config.DISCORD_MAX_REFUSALS);
    // Without its sweepers, whose timers would outlive the question.
    const options = {
      ...restOptions(this.config.DISCORD_API_URL, budget),
      hashSweepInterval: 0,
      handlerSweepInterval: 0,
    };
    const rest = new REST(options).setToken(token);
    const standing = new ExaminedStanding();
    return { rest, reader: new RestReader(rest, standing, budget), standing };
  }
}

function idOfGuild({ id }: NamedGuild): string {
  return id;
}

function namedGuild({ id, name }: NamedGuild): NamedGuild {
  return { id, name };
}

/**
 * By how many milliseconds a `Date` header is ahead of our clock; 0 when its second touches the time between the
 * question and the answer.
 */
function clockAhead(date: string | null, askedAt: number, answeredAt: number): number | undefined {
  const second = Date.parse(date ?? '');
  if (Number.isNaN(second)) return undefined;
  if (second > answeredAt) return second - answeredAt;
  return second + 1_000 < askedAt ? second + 1_000 - askedAt : 0;
}

/** Keeps a refusal to itself: an examination is no news to the log, and ends no session. */
class ExaminedStanding extends BotStanding {
  private refusal: string | undefined;

  tokenRefusal(): string | undefined {
    return this.refusal;
  }

  refuse(refusal: Refusal): void {
    this.refusal = refusalSentences[refusal];
  }

  current(): ReturnType<BotStanding['current']> {
    return { state: 'connecting', missingIntents: [] };
  }

  hiddenGuilds(): [] {
    return [];
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  reached(): void {}
  unreached(): void {}
  sawGuilds(): void {}
  sawMembers(): void {}
}
