import { Injectable } from '@nestjs/common';
import { Client, type ClientEvents } from 'discord.js';
import { On } from 'necord';
import { GuildMirror } from '../guild-mirror.js';
import { BoundListener } from './bound.listener.js';

@Injectable()
export class ChannelListener extends BoundListener {
  constructor(
    client: Client,
    private readonly mirror: GuildMirror,
  ) {
    super(client);
  }

  @On('channelCreate')
  onCreate([channel]: ClientEvents['channelCreate']): void {
    this.mirror.observeChannel(channel);
  }

  @On('channelUpdate')
  onUpdate([, channel]: ClientEvents['channelUpdate']): void {
    if (!channel.isDMBased()) this.mirror.observeChannel(channel);
  }

  @On('channelDelete')
  onDelete([channel]: ClientEvents['channelDelete']): void {
    if (!channel.isDMBased()) this.mirror.removeChannel(channel);
  }
}
