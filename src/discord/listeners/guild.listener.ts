import { Injectable } from '@nestjs/common';
import { Client, type ClientEvents, type Guild } from 'discord.js';
import { On } from 'necord';
import { GuildMirror } from '../guild-mirror.js';
import { MemberLoader } from '../member-loader.js';
import { BoundListener } from './bound.listener.js';

@Injectable()
export class GuildListener extends BoundListener {
  constructor(
    private readonly client: Client,
    private readonly mirror: GuildMirror,
    private readonly loader: MemberLoader,
  ) {
    super(client);
  }

  @On('guildCreate')
  onCreate([guild]: ClientEvents['guildCreate']): void {
    this.observe(guild);
  }

  @On('guildAvailable')
  onAvailable([guild]: ClientEvents['guildAvailable']): void {
    this.observe(guild);
  }

  /** Until all guilds of a session have come, discord.js is silent about joins and leaves in those that have. */
  @On('shardReady')
  onAllAvailable([shardId]: ClientEvents['shardReady']): void {
    for (const guild of this.client.guilds.cache.values()) {
      if (guild.shardId === shardId && guild.available) this.observe(guild);
    }
  }

  /** While Discord replays what was missed, discord.js is silent about members who join, change or leave. */
  @On('shardResume')
  onReplayed([shardId]: ClientEvents['shardResume']): void {
    for (const guild of this.client.guilds.cache.values()) {
      if (guild.shardId === shardId && guild.available) this.mirror.catchUp(guild);
    }
  }

  @On('guildUpdate')
  onUpdate([, guild]: ClientEvents['guildUpdate']): void {
    this.mirror.observeGuild(guild);
  }

  @On('guildUnavailable')
  onUnavailable([guild]: ClientEvents['guildUnavailable']): void {
    this.mirror.loseSight(guild.id);
  }

  @On('guildDelete')
  onDelete([guild]: ClientEvents['guildDelete']): void {
    this.mirror.remove(guild.id);
  }

  private observe(guild: Guild): void {
    if (!this.mirror.observeWhole(guild)) this.loader.load(guild.id);
  }
}
