import { Injectable } from '@nestjs/common';
import { type ClientEvents } from 'discord.js';
import { Context, On } from 'necord';
import { GuildFeed } from '../guild-feed.js';
import { messageOf } from '../normalise-message.js';
import { BoundListener } from './bound.listener.js';

@Injectable()
export class MessageListener extends BoundListener {
  constructor(private readonly feed: GuildFeed) {
    super();
  }

  @On('messageCreate')
  onCreate(@Context() [message]: ClientEvents['messageCreate']): void {
    const data = messageOf(message);
    if (data !== undefined && message.guildId !== null) {
      this.feed.publish({ type: 'message.created', guildId: message.guildId, data });
    }
  }
}
