import { Routes, type REST } from 'discord.js';
import { z } from 'zod';
import { isSnowflake } from '../domain/snowflake.js';
import { type BotStanding } from './bot-standing.js';
import { type DiscordMembers } from './discord-members.js';
import { type GuildAdmission } from './guild-admission.js';
import { type InvalidRequestBudget } from './invalid-request-budget.js';
import { RestReader } from './rest-reader.js';

const member = z.object({ user: z.object({ id: z.string() }) });

/** Milliseconds for one answer. */
const patience = 10_000;

/** Asks for single members, which Discord tells every bot that is in the guild, whatever its intents are. */
export class RestMembers implements DiscordMembers {
  private readonly reader: RestReader;

  constructor(
    rest: REST,
    standing: BotStanding,
    private readonly admission: GuildAdmission,
    budget: InvalidRequestBudget,
  ) {
    // What visitors ask says nothing about how guilds are read.
    const ignore = (): void => undefined;
    const aside = {
      tokenRefusal: () => standing.tokenRefusal(),
      refuse: (refusal: Parameters<BotStanding['refuse']>[0]) => standing.refuse(refusal),
      reached: ignore,
      unreached: ignore,
    };
    this.reader = new RestReader(rest, aside, budget);
  }

  async has(guildId: string, userId: string): Promise<boolean> {
    if (!this.admission.admits(guildId) || !isSnowflake(userId)) return false;
    const found = await this.reader.get({
      route: Routes.guildMember(guildId, userId),
      what: 'a member',
      shape: member,
      // No such member, user or guild, or a guild without the bot.
      isNothing: (status, code) => status === 404 || code === 50_001,
      signal: AbortSignal.timeout(patience),
    });
    return found?.user.id === userId;
  }
}
