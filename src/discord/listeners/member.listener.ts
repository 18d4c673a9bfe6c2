import { Injectable } from '@nestjs/common';
import { Client, type ClientEvents } from 'discord.js';
import { On } from 'necord';
import { GuildMirror } from '../guild-mirror.js';
import { BoundListener } from './bound.listener.js';

@Injectable()
export class MemberListener extends BoundListener {
  constructor(
    private readonly client: Client,
    private readonly mirror: GuildMirror,
  ) {
    super(client);
  }

  @On('guildMemberAdd')
  onJoin([member]: ClientEvents['guildMemberAdd']): void {
    this.mirror.join(member);
  }

  @On('guildMemberRemove')
  onLeave([member]: ClientEvents['guildMemberRemove']): void {
    this.mirror.leave(member.guild.id, member.id);
  }

  @On('guildMemberUpdate')
  onUpdate([, member]: ClientEvents['guildMemberUpdate']): void {
    this.mirror.observeMember(member);
  }

  @On('guildMemberAvailable')
  onAvailable([member]: ClientEvents['guildMemberAvailable']): void {
    if (!member.partial) this.mirror.observeMember(member);
  }

  /** Names and avatars are the user's, the same in all guilds. */
  @On('userUpdate')
  onUserUpdate([, user]: ClientEvents['userUpdate']): void {
    for (const guild of this.client.guilds.cache.values()) {
      const member = guild.members.cache.get(user.id);
      if (member !== undefined) this.mirror.observeMember(member);
    }
  }
}
