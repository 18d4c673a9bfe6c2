import { Injectable } from '@nestjs/common';
import { type ClientEvents } from 'discord.js';
import { Context, On } from 'necord';
import { GuildMirror } from '../guild-mirror.js';
import { BoundListener } from './bound.listener.js';

@Injectable()
export class PresenceListener extends BoundListener {
  constructor(private readonly mirror: GuildMirror) {
    super();
  }

  @On('presenceUpdate')
  onPresenceUpdate(@Context() [, presence]: ClientEvents['presenceUpdate']): void {
    if (presence.member) this.mirror.observeMember(presence.member);
  }
}
