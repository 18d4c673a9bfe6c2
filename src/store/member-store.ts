import { Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import { Fault } from '../domain/fault.js';
import { type Member, referenceOf } from '../domain/member.js';
import { storedGuild } from './guild-store.js';
import { GuildTransaction, type Written } from './guild-transaction.js';
import { memberChange } from './member-change.js';
import { type MemberPatch } from './member-fields.js';
import { StoredGuild } from './stored-guild.entity.js';
import { memberColumns, memberOf, rowOf, StoredMember } from './stored-member.entity.js';

/** Of one guild, as many as any data source may tell of. */
export const mostStoredMembers = 250_000;

/** How many of the members that were put are new, and how many are other than before. */
export interface Upserted {
  joined: number;
  updated: number;
  unchanged: number;
  /** Left out, since they hide; missing where nobody was. */
  hidden?: number;
}

/**
 * Writes the members of stored guilds. Every write tells the guild's room what it changed, as `actor`'s doing, or is not
 * made at all. All methods throw the Faults `guild.not_found` and, while the database is away, `service.unavailable`.
 */
@Injectable()
export class MemberStore {
  constructor(private readonly transaction: GuildTransaction) {}

  /** @throws Fault `request.conflict` for a member that exists, for one who hides, and for one too many */
  create(guildId: string, member: Member, actor: string): Promise<Member> {
    return this.transaction.run(guildId, async (rows) => {
      const guild = await storedGuild(rows, guildId);
      if (await rows.existsBy(StoredMember, { guildId, id: member.id })) {
        throw new Fault('request.conflict', 'The guild has a member with this id already.');
      }
      const { answer, events } = await this.write(rows, guild, [member], actor);
      if (answer.joined === 0) throw hides();
      return { answer: member, events };
    });
  }

  /**
   * Members by their ids, each once: those that are new join, the others are replaced. Those who hide are left out.
   * @throws Fault `request.conflict` for too many, and where a single one is given who hides
   */
  put(guildId: string, members: readonly Member[], actor: string): Promise<Upserted> {
    return this.transaction.run(guildId, async (rows) => {
      const guild = await storedGuild(rows, guildId);
      const written = await this.write(rows, guild, members, actor);
      if (members.length === 1 && written.answer.hidden === 1) throw hides();
      return written;
    });
  }

  /** Changes what is given. @throws Fault `member.not_found` */
  patch(guildId: string, id: string, patch: MemberPatch, actor: string): Promise<Member> {
    return this.transaction.run(guildId, async (rows) => {
      const guild = await storedGuild(rows, guildId);
      const row = await rows.findOneBy(StoredMember, { guildId, id });
      if (!row) throw noSuchMember();
      const answer = { ...memberOf(row), ...patch };
      const { events } = await this.write(rows, guild, [answer], actor);
      return { answer, events };
    });
  }

  /** @throws Fault `member.not_found` */
  remove(guildId: string, id: string, actor: string): Promise<void> {
    return this.transaction.run(guildId, async (rows) => {
      await storedGuild(rows, guildId);
      const row = await rows.findOneBy(StoredMember, { guildId, id });
      if (!row) throw noSuchMember();
      await rows.delete(StoredMember, { guildId, id });
      await rows.decrement(StoredGuild, { id: guildId }, 'memberCount', 1);
      const data = { member: referenceOf(memberOf(row)), actor };
      return { answer: undefined, events: [{ type: 'member.left', guildId, data }] };
    });
  }

  private async write(
    rows: EntityManager,
    { id: guildId, memberCount }: StoredGuild,
    given: readonly Member[],
    actor: string,
  ): Promise<Written<Upserted>> {
    const hidden = await hiddenAmong(rows, guildId, given);
    const members = given.filter(({ id }) => !hidden.has(id));
    const before = await rows.findBy(StoredMember, { guildId, id: In(members.map(({ id }) => id)) });
    const known = new Map(before.map((row) => [row.id, memberOf(row)]));
    const changes = members.flatMap((member) => {
      const event = memberChange(guildId, known.get(member.id), member, actor);
      return event ? [{ member, event }] : [];
    });
    const joined = members.length - known.size;
    if (memberCount + joined > mostStoredMembers) {
      throw new Fault(
        'request.conflict',
        `The guild has ${memberCount} members and may have ${mostStoredMembers}: there is no room for ${joined} more.`,
      );
    }
    if (changes.length > 0) {
      const values = changes.map(({ member }) => rowOf(guildId, member));
      const insert = rows.createQueryBuilder().insert().into(StoredMember).values(values);
      await insert.orUpdate(memberColumns, ['guild_id', 'id']).updateEntity(false).execute();
    }
    if (joined > 0) await rows.increment(StoredGuild, { id: guildId }, 'memberCount', joined);
    const updated = changes.length - joined;
    const answer = { joined, updated, unchanged: members.length - changes.length };
    return {
      answer: hidden.size > 0 ? { ...answer, hidden: hidden.size } : answer,
      events: changes.map(({ event }) => event),
    };
  }
}

/** Under the lock of the transaction: nobody begins to hide before it ends. */
async function hiddenAmong(rows: EntityManager, guildId: string, members: readonly Member[]): Promise<Set<string>> {
  const ids = members.map(({ id }) => id);
  const found: { id: string }[] = await rows.query(
    `select user_id as id from hidden_members where user_id = any($2) and (guild_id is null or guild_id = $1)`,
    [guildId, ids],
  );
  return new Set(found.map(({ id }) => id));
}

function hides(): Fault {
  return new Fault('request.conflict', 'This member hides, and is not stored.');
}

export function noSuchMember(): Fault {
  return new Fault('member.not_found', 'The guild has no member with this id.');
}
