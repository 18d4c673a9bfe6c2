import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { type NewDomainEvent } from '../domain/events/index.js';
import { Fault } from '../domain/fault.js';
import { type GuildFields, type GuildPatch } from './guild-fields.js';
import { GuildTransaction, lock, type Written } from './guild-transaction.js';
import { StoredGuild } from './stored-guild.entity.js';

/** In the whole store. */
export const mostStoredGuilds = 1_000;

/**
 * Writes guilds; members are written by `MemberStore`. Every write tells the guild's room what it changed, as `actor`'s
 * doing, or is not made at all. All methods throw the Fault `service.unavailable` while the database is away.
 */
@Injectable()
export class GuildStore {
  constructor(private readonly transaction: GuildTransaction) {}

  /** @throws Fault `request.conflict` for a guild that exists, and for one too many */
  create(id: string, fields: GuildFields, actor: string): Promise<StoredGuild> {
    return this.transaction.run(id, async (rows) => {
      if (await rows.existsBy(StoredGuild, { id })) {
        throw new Fault('request.conflict', 'There is a guild with this id in the store already.');
      }
      return this.insert(rows, { id, ...fields, memberCount: 0 }, actor);
    });
  }

  /** Creates the guild, or replaces all that is said of it; its members stay. @throws Fault `request.conflict` for one too many */
  put(id: string, fields: GuildFields, actor: string): Promise<{ guild: StoredGuild; created: boolean }> {
    return this.transaction.run(id, async (rows) => {
      const known = await rows.findOneBy(StoredGuild, { id });
      const written = known
        ? await this.update(rows, known, fields, actor)
        : await this.insert(rows, { id, ...fields, memberCount: 0 }, actor);
      return { ...written, answer: { guild: written.answer, created: !known } };
    });
  }

  /** Changes what is given. @throws Fault `guild.not_found` */
  patch(id: string, patch: GuildPatch, actor: string): Promise<StoredGuild> {
    return this.transaction.run(id, async (rows) => this.update(rows, await storedGuild(rows, id), patch, actor));
  }

  /** With all its members; its room ends. @throws Fault `guild.not_found` */
  remove(id: string, actor: string): Promise<void> {
    return this.transaction.run(id, async (rows) => {
      const { affected } = await rows.delete(StoredGuild, { id });
      if (!affected) throw noSuchGuild();
      return { answer: undefined, events: [{ type: 'guild.removed', guildId: id, data: { actor } }] };
    });
  }

  private async insert(rows: EntityManager, guild: StoredGuild, actor: string): Promise<Written<StoredGuild>> {
    // Two that come at once would both find the last place free.
    await lock(rows, 'guildcast.store');
    if ((await rows.count(StoredGuild)) >= mostStoredGuilds) {
      throw new Fault('request.conflict', `The store has ${mostStoredGuilds} guilds, as many as there may be.`);
    }
    await rows.insert(StoredGuild, guild);
    const { name, iconUrl } = guild;
    const event: NewDomainEvent = {
      type: 'guild.updated',
      guildId: guild.id,
      data: { guild: { name, iconUrl }, actor },
    };
    return { answer: guild, events: [event] };
  }

  private async update(
    rows: EntityManager,
    before: StoredGuild,
    patch: GuildPatch,
    actor: string,
  ): Promise<Written<StoredGuild>> {
    const guild = { ...before, ...patch };
    const changed = (Object.keys(patch) as (keyof GuildPatch)[]).filter((key) => before[key] !== guild[key]);
    if (changed.length === 0) return { answer: guild, events: [] };
    await rows.update(StoredGuild, { id: guild.id }, patch);
    const { name, iconUrl } = guild;
    // A room shows name and icon alone; for the rest it is enough that whoever lists guilds looks again.
    const previous = {
      ...(before.name !== name && { name: before.name }),
      ...(before.iconUrl !== iconUrl && { iconUrl: before.iconUrl }),
    };
    const data = { guild: { name, iconUrl }, previous, actor };
    return { answer: guild, events: [{ type: 'guild.updated', guildId: guild.id, data }] };
  }
}

function noSuchGuild(): Fault {
  return new Fault('guild.not_found', 'There is no guild with this id in the store.');
}

/** @throws Fault `guild.not_found` */
export async function storedGuild(rows: EntityManager, id: string): Promise<StoredGuild> {
  const guild = await rows.findOneBy(StoredGuild, { id });
  if (!guild) throw noSuchGuild();
  return guild;
}
