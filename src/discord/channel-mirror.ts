import { Injectable } from '@nestjs/common';
import { type Guild, type GuildBasedChannel } from 'discord.js';
import { type Channel } from '../domain/channel.js';
import { channelDifference } from '../domain/channel-difference.js';
import { GuildFeed } from './guild-feed.js';
import { channelOf } from './normalise.js';
import { bearerOf, isOpen } from './public-channel.js';

interface MirroredChannels {
  /** As they were published. */
  shown: Map<string, Channel>;
  /** Channels that were not open to everybody when we looked, be it long ago. */
  onceClosed: Set<string>;
}

/** The channels that were published, for every guild of the mirror. It looks, publishes the difference and remembers it. */
@Injectable()
export class ChannelMirror {
  private readonly guilds = new Map<string, MirroredChannels>();

  constructor(private readonly feed: GuildFeed) {}

  of(guildId: string): Channel[] {
    return [...(this.guilds.get(guildId)?.shown.values() ?? [])];
  }

  /** Any channel of the guild may have changed. The first look at a guild tells nothing: all of it is new. */
  observeAll(guild: Guild): void {
    let known = this.guilds.get(guild.id);
    const first = known === undefined;
    if (known === undefined) this.guilds.set(guild.id, (known = { shown: new Map(), onceClosed: new Set() }));
    for (const id of known.shown.keys()) if (!guild.channels.cache.has(id)) this.settle(guild.id, id, undefined);
    for (const channel of guild.channels.cache.values()) {
      const now = this.look(known, channel);
      if (first && now) known.shown.set(now.id, now);
      else this.settle(guild.id, channel.id, now);
    }
  }

  /** Something about the channel may have changed. */
  observe(channel: GuildBasedChannel): void {
    const known = this.guilds.get(channel.guild.id);
    if (known) this.settle(channel.guild.id, channel.id, this.look(known, channel));
  }

  remove(channel: GuildBasedChannel): void {
    this.settle(channel.guild.id, channel.id, undefined);
    this.guilds.get(channel.guild.id)?.onceClosed.delete(channel.id);
  }

  forget(guildId: string): void {
    this.guilds.delete(guildId);
  }

  /** Whether something may have been written there, or in what the thread hangs on, that was not for everybody. */
  wasClosed(channel: GuildBasedChannel): boolean {
    const bearer = bearerOf(channel);
    const known = this.guilds.get(channel.guild.id);
    return bearer === null || known === undefined || known.onceClosed.has(bearer.id);
  }

  private look({ onceClosed }: MirroredChannels, channel: GuildBasedChannel): Channel | undefined {
    if (!channel.isThread() && !isOpen(channel)) onceClosed.add(channel.id);
    return channelOf(channel);
  }

  private settle(guildId: string, channelId: string, now: Channel | undefined): void {
    const shown = this.guilds.get(guildId)?.shown;
    if (shown === undefined) return;
    const event = channelDifference(guildId, shown.get(channelId), now);
    if (event === undefined) return;
    if (now === undefined) shown.delete(channelId);
    else shown.set(channelId, now);
    this.feed.publish(event);
  }
}
