import { Injectable } from '@nestjs/common';
import { type ClientEvents } from 'discord.js';
import { Context, On } from 'necord';
import { GuildMirror } from '../guild-mirror.js';
import { SessionReconciler } from '../session-reconciler.js';
import { BoundListener } from './bound.listener.js';

/** A guild that becomes available again is the reconciler's. */
@Injectable()
export class GuildListener extends BoundListener {
  constructor(
    private readonly mirror: GuildMirror,
    private readonly reconciler: SessionReconciler,
  ) {
    super();
  }

  @On('guildCreate')
  onCreate(@Context() [guild]: ClientEvents['guildCreate']): void {
    this.reconciler.observe(guild);
  }

  @On('guildUpdate')
  onUpdate(@Context() [, guild]: ClientEvents['guildUpdate']): void {
    this.mirror.observeGuild(guild);
  }

  @On('guildUnavailable')
  onUnavailable(@Context() [guild]: ClientEvents['guildUnavailable']): void {
    this.mirror.loseSight(guild.id);
  }

  @On('guildDelete')
  onDelete(@Context() [guild]: ClientEvents['guildDelete']): void {
    this.mirror.remove(guild.id);
  }
}
