import { Injectable, Optional } from '@nestjs/common';
import { Client, type ClientEvents } from 'discord.js';
import { On } from 'necord';
import { ShownFilters } from '../../guilds/shown-filters.js';
import { GuildFeed } from '../guild-feed.js';
import { referenceTo } from '../normalise.js';
import { mayLeave } from '../public-channel.js';
import { TypingPace } from '../typing-pace.js';
import { BoundListener } from './bound.listener.js';

@Injectable()
export class TypingListener extends BoundListener {
  constructor(
    client: Client,
    private readonly feed: GuildFeed,
    private readonly pace: TypingPace,
    /** Without it, open channels are all that leaves. */
    @Optional() private readonly filters?: ShownFilters,
  ) {
    super(client);
  }

  @On('typingStart')
  onTyping([{ channel, member }]: ClientEvents['typingStart']): void {
    // Without the member there is no name to tell, or a wrong one.
    if (member === null || member.partial || !mayLeave(channel, this.filters?.of(member.guild.id))) return;
    if (!this.pace.mayTell(member.id, channel.id)) return;
    this.feed.publish({
      type: 'typing.started',
      guildId: channel.guild.id,
      data: { member: referenceTo(member), channelId: channel.id, channelName: channel.name },
    });
  }
}
