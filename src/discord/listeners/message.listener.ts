import { Injectable, Optional } from '@nestjs/common';
import { type Channel, Client, type ClientEvents } from 'discord.js';
import { On } from 'necord';
import { ShownFilters } from '../../guilds/shown-filters.js';
import { ChannelMirror } from '../channel-mirror.js';
import { GuildFeed } from '../guild-feed.js';
import { messageOf } from '../normalise-message.js';
import { mayLeave } from '../public-channel.js';
import { ShownMessages } from '../shown-messages.js';
import { BoundListener } from './bound.listener.js';

@Injectable()
export class MessageListener extends BoundListener {
  constructor(
    client: Client,
    private readonly feed: GuildFeed,
    private readonly channels: ChannelMirror,
    private readonly shown: ShownMessages,
    /** Without it, open channels are all that leaves. */
    @Optional() private readonly filters?: ShownFilters,
  ) {
    super(client);
  }

  @On('messageCreate')
  onCreate([message]: ClientEvents['messageCreate']): void {
    const { guildId } = message;
    if (guildId === null) return;
    const data = messageOf(message, this.filters?.of(guildId));
    if (data === undefined) return;
    const told = this.feed.publish({ type: 'message.created', guildId, data });
    if (told) this.shown.add(message);
  }

  /** Discord repeats the whole message, also for what is no edit: a link's preview, a pin. */
  @On('messageUpdate')
  onUpdate([, message]: ClientEvents['messageUpdate']): void {
    const { channel, editedAt, guildId } = message;
    if (editedAt === null || guildId === null || channel.isDMBased() || !this.shown.isNewer(message)) return;
    // What was written before anybody listened may be told, but not what was written for some alone.
    if (!this.shown.has(message.id) && this.channels.wasClosed(channel)) return;
    const written = messageOf(message, this.filters?.of(guildId));
    // Written in a closed channel: what it says now is not for everybody, whatever the channel becomes.
    if (written === undefined) return void this.shown.forget(message.id);
    const data = { ...written, editedAt: editedAt.toISOString() };
    if (this.feed.publish({ type: 'message.updated', guildId, data })) this.shown.add(message);
  }

  @On('messageDelete')
  onDelete([message]: ClientEvents['messageDelete']): void {
    this.tellDeleted(message.channel, [message.id]);
  }

  @On('messageDeleteBulk')
  onBulkDelete([messages, channel]: ClientEvents['messageDeleteBulk']): void {
    this.tellDeleted(channel, [...messages.keys()]);
  }

  private tellDeleted(channel: Channel, messageIds: readonly string[]): void {
    // Of a closed channel not even a delete is told: those who saw it were told that the channel is gone.
    if (channel.isDMBased() || !mayLeave(channel, this.filters?.of(channel.guildId))) return;
    const ids = messageIds.filter((id) => this.shown.forget(id));
    if (ids.length === 0) return;
    const data = { ids, channelId: channel.id, channelName: channel.name };
    this.feed.publish({ type: 'message.deleted', guildId: channel.guild.id, data });
  }
}
