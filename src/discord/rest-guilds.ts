import { Routes, type REST } from 'discord.js';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { type Member } from '../domain/member.js';
import { type SourceGuild, type SourceSnapshot } from '../domain/source-snapshot.js';
import { type BotStanding } from './bot-standing.js';
import { type GuildAdmission } from './guild-admission.js';
import { type InvalidRequestBudget } from './invalid-request-budget.js';
import {
  listedGuild,
  type ListedGuild,
  listedGuildOf,
  restGuild,
  type RestGuild,
  restMember,
  restMemberOf,
  rolesOf,
} from './normalise-rest.js';
import { RestReader } from './rest-reader.js';
import { outOfTime, untilAborted } from './until-aborted.js';

/** As many as Discord gives at once. */
const guildsOfPage = 200;
const membersOfPage = 1_000;

/** Guilds remembered for having refused their members. */
const mostClosed = 10_000;

/** Guilds of one bot: ten times as many as Discord lets one without shards be in. */
const mostGuilds = 25_000;

const unknownGuild = 10_004;
const missingAccess = 50_001;

const listedGuilds = z.array(listedGuild);
const restMembers = z.array(restMember);

const usualLimits = {
  /** Milliseconds for which one look at the list of guilds serves everybody. */
  listMs: 15_000,
  /** Milliseconds for that look, with all its pages. */
  lookMs: 25_000,
  /** Milliseconds for which a refused list of members is not asked for again: refusals count towards a ban of the address. */
  closedMs: 600_000,
  /** Of one guild: more are shown of no source. */
  mostMembers: 250_000,
};
export type RestGuildsLimits = typeof usualLimits;

/**
 * The guilds the bot is in and the operator shows (`GUILDS`), read over REST alone: no session, nothing live, and nobody's
 * presence.
 */
export class RestGuilds {
  private readonly reader: RestReader;
  private readonly limits: RestGuildsLimits;
  /** Guilds whose members Discord refused to tell. */
  private readonly closed: LRUCache<string, true>;
  private known: { guilds: ListedGuild[]; at: number } = { guilds: [], at: -Infinity };
  private listing: Promise<ListedGuild[]> | undefined;

  constructor(
    private readonly rest: REST,
    private readonly standing: BotStanding,
    private readonly admission: GuildAdmission,
    budget: InvalidRequestBudget,
    limits: Partial<RestGuildsLimits> = {},
  ) {
    this.reader = new RestReader(rest, standing, budget);
    this.limits = { ...usualLimits, ...limits };
    this.closed = new LRUCache({ max: mostClosed, ttl: this.limits.closedMs });
  }

  /** @throws DiscordBusyError, Error with a sentence */
  async list(signal?: AbortSignal): Promise<SourceGuild[]> {
    const guilds = await this.all(signal);
    return guilds.filter(({ id }) => this.admission.admits(id)).map((guild) => listedGuildOf(guild, this.rest.cdn));
  }

  /**
   * Undefined for a guild that the bot is not in or the operator does not show. `partial` names `presence`, and `members`
   * where Discord does not tell this bot who they are.
   * @throws DiscordBusyError, Error with a sentence
   */
  async read(guildId: string, signal?: AbortSignal): Promise<SourceSnapshot | undefined> {
    if (!this.admission.admits(guildId)) return undefined;
    // Not asked for: Discord counts every refusal.
    if (!(await this.all(signal)).some(({ id }) => id === guildId)) return undefined;
    const guild = await this.reader.get({
      route: Routes.guild(guildId),
      what: 'a guild',
      shape: restGuild,
      isNothing: (status, code) => code === unknownGuild || code === missingAccess || status === 404,
      signal,
    });
    if (guild === undefined) {
      this.closed.delete(guildId);
      this.standing.sawMembers(guildId, true);
      return undefined;
    }
    const members = await this.membersOf(guild, signal);
    return {
      guild: listedGuildOf(guild, this.rest.cdn),
      members: members ?? [],
      partial: members === undefined ? ['members', 'presence'] : ['presence'],
    };
  }

  /** Asks for the list of guilds anew. */
  async refresh(signal?: AbortSignal): Promise<void> {
    this.known.at = -Infinity;
    await this.all(signal);
  }

  /** Of all guilds the bot is in. Those who ask at the same time share one look, so that one who gives up ends no other's. */
  private async all(signal?: AbortSignal): Promise<ListedGuild[]> {
    if (performance.now() - this.known.at < this.limits.listMs) return this.known.guilds;
    this.listing ??= this.look(AbortSignal.timeout(this.limits.lookMs)).finally(() => (this.listing = undefined));
    return untilAborted(this.listing, signal);
  }

  private async look(signal: AbortSignal): Promise<ListedGuild[]> {
    const question = { route: Routes.userGuilds(), what: 'a list of guilds', shape: listedGuilds, signal };
    const paging = { size: guildsOfPage, most: mostGuilds, idOf: idOfGuild, read: (guild: ListedGuild) => guild };
    try {
      const guilds = (await this.reader.getAll(question, paging)) ?? [];
      this.standing.sawGuilds(guilds);
      this.known = { guilds, at: performance.now() };
      return guilds;
    } catch (error) {
      if (signal.aborted) this.standing.unreached(outOfTime);
      throw error;
    }
  }

  /** Undefined when Discord does not let the bot read them. */
  private async membersOf(guild: RestGuild, signal?: AbortSignal): Promise<Member[] | undefined> {
    if (this.closed.has(guild.id)) return undefined;
    const context = { guildId: guild.id, roles: rolesOf(guild), cdn: this.rest.cdn };
    const members = await this.reader.getAll(
      {
        route: Routes.guildMembers(guild.id),
        what: 'a list of members',
        shape: restMembers,
        isNothing: (status) => status === 403,
        signal,
      },
      {
        size: membersOfPage,
        most: this.limits.mostMembers,
        idOf: ({ user }) => user.id,
        read: (member) => restMemberOf(member, context),
      },
    );
    if (members === undefined) this.closed.set(guild.id, true);
    this.standing.sawMembers(guild.id, members !== undefined);
    return members;
  }
}

function idOfGuild({ id }: ListedGuild): string {
  return id;
}
