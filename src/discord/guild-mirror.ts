import { Injectable } from '@nestjs/common';
import { type Guild, type GuildBasedChannel, type GuildMember } from 'discord.js';
import { withPresence } from '../domain/guild-state.js';
import { type Member, referenceOf } from '../domain/member.js';
import { formerFields, presenceDiffers, presenceOf } from '../domain/member-difference.js';
import { type SourceGuild } from '../domain/source-snapshot.js';
import { ChannelMirror } from './channel-mirror.js';
import { GuildAdmission } from './guild-admission.js';
import { GuildFeed } from './guild-feed.js';
import { guildOf, memberOf } from './normalise.js';

const offline: Pick<Member, 'status' | 'activities'> = { status: 'offline', activities: [] };

/** A guild as the world outside was last told of it. */
interface MirroredGuild {
  guild: SourceGuild;
  members: Map<string, Member>;
  available: boolean;
  /** Every member is known. Large guilds tell of their offline members only when asked. */
  complete: boolean;
}

/**
 * What was published, for every admitted guild. Listeners say where something may have changed; the mirror looks,
 * publishes the difference and remembers it. So a snapshot is always the sum of the events, and an event missed in an
 * outage comes out of the next look.
 */
@Injectable()
export class GuildMirror {
  private readonly guilds = new Map<string, MirroredGuild>();

  constructor(
    private readonly admission: GuildAdmission,
    private readonly feed: GuildFeed,
    private readonly channels: ChannelMirror,
  ) {}

  all(): MirroredGuild[] {
    return [...this.guilds.values()];
  }

  get(guildId: string): MirroredGuild | undefined {
    return this.guilds.get(guildId);
  }

  /** The guild's own fields may have changed. */
  observeGuild(guild: Guild): void {
    const known = this.guilds.get(guild.id);
    if (known === undefined) return;
    const now = guildOf(guild);
    const same = known.available && known.guild.name === now.name && known.guild.iconUrl === now.iconUrl;
    known.guild = now;
    known.available = true;
    if (!same) this.announce(now);
    // A guild that is for adults alone has no channel to show, and nobody in one.
    this.observeChannels(guild);
  }

  /** Who may see which channel may have changed. */
  observeChannels(guild: Guild): void {
    if (!this.guilds.has(guild.id)) return;
    this.channels.observeAll(guild);
    this.observeVoice(guild);
  }

  observeChannel(channel: GuildBasedChannel): void {
    this.channels.observe(channel);
    this.observeVoice(channel.guild, channel.id);
  }

  /** Whoever was in it is told of by Discord. */
  removeChannel(channel: GuildBasedChannel): void {
    this.channels.remove(channel);
  }

  /**
   * Discord told of the guild as a whole, or all of its members have been asked for (`complete`). Answers whether
   * every member is known now.
   */
  observeWhole(guild: Guild, complete = guild.members.cache.size >= guild.memberCount): boolean {
    if (!this.admission.admits(guild.id)) return true;
    const known = this.guilds.get(guild.id);
    if (known === undefined) {
      const members = new Map(guild.members.cache.map((member) => [member.id, memberOf(member)]));
      this.guilds.set(guild.id, { guild: guildOf(guild), members, available: true, complete });
      this.channels.observeAll(guild);
      this.announce(guildOf(guild));
      return complete;
    }
    this.observeGuild(guild);
    for (const member of guild.members.cache.values()) this.observeMember(member);
    for (const [id, member] of known.members) {
      if (guild.members.cache.has(id)) continue;
      if (complete) this.leave(guild.id, id);
      // Discord names everyone who is online, so whoever it does not name is offline.
      else this.settle(known, member, withPresence(member, offline));
    }
    known.complete = complete;
    return complete;
  }

  /** Members may have come, changed and gone without a word of it. */
  catchUp(guild: Guild): void {
    this.observeWhole(guild, this.guilds.get(guild.id)?.complete);
  }

  /** Something about the member may have changed. */
  observeMember(member: GuildMember): void {
    const known = this.guilds.get(member.guild.id);
    if (known === undefined) return;
    const after = memberOf(member);
    const before = known.members.get(member.id);
    if (before !== undefined) return this.settle(known, before, after);
    // Someone new in a guild whose members were all known can only have come meanwhile.
    if (known.complete) return this.join(member);
    // Not a newcomer, only unknown until now: nothing of them has changed but their presence, perhaps.
    const introduced = withPresence(after, offline);
    known.members.set(member.id, after);
    this.feed.publish({
      type: 'member.updated',
      guildId: member.guild.id,
      data: { member: introduced, previous: {} },
    });
    if (presenceDiffers(introduced, after)) this.publishPresence(known, after, null);
  }

  join(member: GuildMember): void {
    const known = this.guilds.get(member.guild.id);
    if (known === undefined) return;
    if (known.members.has(member.id)) return this.observeMember(member);
    const joined = memberOf(member);
    known.members.set(member.id, joined);
    this.feed.publish({ type: 'member.joined', guildId: member.guild.id, data: { member: joined } });
  }

  leave(guildId: string, userId: string): void {
    const known = this.guilds.get(guildId);
    const member = known?.members.get(userId);
    if (known === undefined || member === undefined) return;
    known.members.delete(userId);
    this.feed.publish({ type: 'member.left', guildId, data: { member: referenceOf(member) } });
  }

  loseSight(guildId: string): void {
    const known = this.guilds.get(guildId);
    if (known === undefined || !known.available) return;
    known.available = false;
    this.feed.publish({ type: 'guild.unavailable', guildId, data: {} });
  }

  remove(guildId: string): void {
    this.channels.forget(guildId);
    if (this.guilds.delete(guildId)) this.feed.publish({ type: 'guild.removed', guildId, data: {} });
  }

  /** Where those are who are in this voice channel, or in any. */
  private observeVoice(guild: Guild, channelId?: string): void {
    for (const { channelId: where, member } of guild.voiceStates.cache.values()) {
      if (where !== null && (channelId === undefined || where === channelId) && member) this.observeMember(member);
    }
  }

  private settle(known: MirroredGuild, before: Member, after: Member): void {
    known.members.set(after.id, after);
    const previous = formerFields(before, after);
    if (previous !== undefined) {
      // The presence has an event of its own, below.
      const member = withPresence(after, before);
      this.feed.publish({ type: 'member.updated', guildId: known.guild.id, data: { member, previous } });
    }
    if (presenceDiffers(before, after)) this.publishPresence(known, after, before.status);
  }

  private publishPresence(known: MirroredGuild, member: Member, previous: Member['status'] | null): void {
    this.feed.publish({ type: 'presence.updated', guildId: known.guild.id, data: presenceOf(member, previous) });
  }

  private announce({ id, name, iconUrl }: SourceGuild): void {
    this.feed.publish({ type: 'guild.updated', guildId: id, data: { guild: { name, iconUrl } } });
  }
}
