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
    if (presence.member) this.mirror.observeMember(presence.member);
  }
}
