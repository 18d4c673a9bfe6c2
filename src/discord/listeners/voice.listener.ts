import { Injectable } from '@nestjs/common';
import { Client, type ClientEvents } from 'discord.js';
import { On } from 'necord';
import { GuildMirror } from '../guild-mirror.js';
import { BoundListener } from './bound.listener.js';

/** In which voice channel somebody is belongs to the member. */
@Injectable()
export class VoiceListener extends BoundListener {
  constructor(
    client: Client,
    private readonly mirror: GuildMirror,
  ) {
    super(client);
  }

  @On('voiceStateUpdate')
  onVoice([, { member }]: ClientEvents['voiceStateUpdate']): void {
    // Made up by discord.js, as in `PresenceListener`.
    if (member !== null && !member.partial) this.mirror.observeMember(member);
  }
}
