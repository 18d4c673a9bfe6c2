import { Injectable } from '@nestjs/common';
import { Client, type ClientEvents, type Guild } from 'discord.js';
import { On } from 'necord';
import { GuildMirror } from '../guild-mirror.js';
import { BoundListener } from './bound.listener.js';

/** Roles colour the names of those who have them, and @everyone's says which channels everybody may see. */
@Injectable()
export class RoleListener extends BoundListener {
  constructor(
    client: Client,
    private readonly mirror: GuildMirror,
  ) {
    super(client);
  }

  @On('roleUpdate')
  onUpdate([before, role]: ClientEvents['roleUpdate']): void {
    if (before.hexColor !== role.hexColor || before.rawPosition !== role.rawPosition) this.observeAll(role.guild);
    if (role.id === role.guild.id) this.mirror.observeChannels(role.guild);
  }

  @On('roleDelete')
  onDelete([role]: ClientEvents['roleDelete']): void {
    this.observeAll(role.guild);
  }

  private observeAll(guild: Guild): void {
    for (const member of guild.members.cache.values()) this.mirror.observeMember(member);
  }
}
