import { Injectable } from '@nestjs/common';
import { Client, type ClientEvents } from 'discord.js';
import { On } from 'necord';
import { GuildFeed } from '../guild-feed.js';
import { messageOf } from '../normalise-message.js';
import { BoundListener } from './bound.listener.js';

@Injectable()
export class MessageListener extends BoundListener {
  constructor(
    client: Client,
    private readonly feed: GuildFeed,
  ) {
    super(client);
  }

  @On('messageCreate')
  onCreate([message]: ClientEvents['messageCreate']): void {
    const data = messageOf(message);
    if (data !== undefined && message.guildId !== null) {
      this.feed.publish({ type: 'message.created', guildId: message.guildId, data });
    }
  }
}
