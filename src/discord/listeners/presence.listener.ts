import { Injectable } from '@nestjs/common';
import { Client, type ClientEvents } from 'discord.js';
import { On } from 'necord';
import { GuildMirror } from '../guild-mirror.js';
import { BoundListener } from './bound.listener.js';

@Injectable()
export class PresenceListener extends BoundListener {
  constructor(
    client: Client,
    private readonly mirror: GuildMirror,
  ) {
    super(client);
  }

  @On('presenceUpdate')
  onPresenceUpdate([, presence]: ClientEvents['presenceUpdate']): void {
    const { member } = presence;
    if (member === null) return;
    // Made up by discord.js out of the presence alone, without nickname and roles: `StrangerLoader` asks for them.
    if (member.partial && !this.mirror.get(member.guild.id)?.members.has(member.id)) return;
    this.mirror.observeMember(member);
  }
}
