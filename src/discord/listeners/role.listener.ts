import { Injectable } from '@nestjs/common';
import { type ClientEvents, type Guild } from 'discord.js';
import { Context, On } from 'necord';
import { GuildMirror } from '../guild-mirror.js';
import { BoundListener } from './bound.listener.js';

/** Roles colour the names of those who have them. */
@Injectable()
export class RoleListener extends BoundListener {
  constructor(private readonly mirror: GuildMirror) {
    super();
  }

  @On('roleUpdate')
  onUpdate(@Context() [before, role]: ClientEvents['roleUpdate']): void {
    if (before.hexColor !== role.hexColor || before.rawPosition !== role.rawPosition) this.observeAll(role.guild);
  }

  @On('roleDelete')
  onDelete(@Context() [role]: ClientEvents['roleDelete']): void {
    this.observeAll(role.guild);
  }

  private observeAll(guild: Guild): void {
    for (const member of guild.members.cache.values()) this.mirror.observeMember(member);
  }
}
