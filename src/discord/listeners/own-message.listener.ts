import { Injectable } from '@nestjs/common';
import { Client, type ClientEvents } from 'discord.js';
import { On } from 'necord';
import { printOf } from '../message-print.js';
import { SentMessages } from '../sent-messages.js';
import { BoundListener } from './bound.listener.js';

/** Tells who sent it of what Discord has made of it, in whatever channel. Nothing of it enters a room from here. */
@Injectable()
export class OwnMessageListener extends BoundListener {
  constructor(
    private readonly client: Client,
    private readonly sent: SentMessages,
  ) {
    super(client);
  }

  @On('messageCreate')
  onCreate([message]: ClientEvents['messageCreate']): void {
    const { id: messageId, webhookId, channelId, nonce, content, createdAt: writtenAt } = message;
    if (webhookId !== null) {
      const print = printOf({ content, embeds: message.embeds.map(({ data }) => data) });
      this.sent.webhookWrote({ messageId, webhookId, channelId, print, writtenAt });
    } else if (nonce !== null && message.author.id === this.client.user?.id) {
      this.sent.botWrote({ messageId, nonce: String(nonce) });
    }
  }
}
