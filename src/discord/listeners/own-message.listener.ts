import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Client, GatewayDispatchEvents, type GatewayMessageCreateDispatchData } from 'discord.js';
import { printOf } from '../message-print.js';
import { SentMessages } from '../sent-messages.js';

/**
 * Tells who sent it of what Discord has made of it, in whatever channel. Nothing of it enters a room from here, and what
 * people write to the bot goes no further than this. On the raw packets: discord.js knows no direct messages here.
 */
@Injectable()
export class OwnMessageListener implements OnModuleInit {
  private readonly logger = new Logger(OwnMessageListener.name);

  constructor(
    private readonly client: Client,
    private readonly sent: SentMessages,
  ) {}

  onModuleInit(): void {
    this.client.ws.on(GatewayDispatchEvents.MessageCreate, (packet: GatewayMessageCreateDispatchData) => {
      try {
        this.hear(packet);
      } catch (error) {
        // discord.js hands packets out in promises that nobody awaits: a throw would end the process.
        this.logger.error(`A message could not be told: ${String(error)}`);
      }
    });
  }

  private hear(message: GatewayMessageCreateDispatchData): void {
    const { id: messageId, webhook_id: webhookId, channel_id: channelId, guild_id: guildId, author, nonce } = message;
    if (webhookId !== undefined) {
      if (guildId === undefined) return;
      const print = printOf(message);
      this.sent.webhookWrote({ messageId, webhookId, channelId, print, writtenAt: new Date(message.timestamp) });
    } else if (nonce !== undefined && author.id === this.client.user?.id) {
      this.sent.botWrote({ messageId, nonce: String(nonce) });
    }
  }
}
