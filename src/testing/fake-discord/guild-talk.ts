import { type GatewayEvent } from './gateway-event.js';
import { intents as bits } from './intents.js';
import { type Messages } from './messages.js';
import { type GuildState, memberPayload } from './payloads.js';
import { may, permissions } from './permissions.js';

interface TalkingGuild extends GuildState {
  readonly available: boolean;
  permissionsOf(userId: string, channelId: string): bigint;
}

interface TalkHost {
  readonly messages: Messages;
  emit(event: GatewayEvent): void;
}

/** What people of a guild do with messages, besides saying them. */
export class GuildTalk {
  constructor(
    private readonly guild: TalkingGuild,
    private readonly host: TalkHost,
  ) {}

  /** The author changes a message. */
  edit(messageId: string, content: string): void {
    this.host.messages.edit(messageId, { content });
  }

  /** Somebody pins a message: Discord repeats it, though nobody edited it. */
  pin(messageId: string): void {
    this.host.messages.change(messageId, { pinned: true });
  }

  /** One message, or several of one channel at once. */
  delete(...messageIds: string[]): void {
    const [only] = messageIds;
    if (messageIds.length === 1 && only !== undefined) this.host.messages.remove(only);
    else this.host.messages.removeMany(messageIds);
  }

  /** A member begins to write, or still does. */
  type(userId: string, channelId: string): void {
    const { guild } = this;
    const channel = guild.channels.get(channelId);
    const member = guild.members.get(userId);
    if (!channel || !member) throw new Error(`No channel ${channelId} or no member ${userId} in guild ${guild.id}`);
    if (!guild.available || !may(guild.permissionsOf(guild.botId, channel.id), permissions.viewChannel)) return;
    const payload = {
      channel_id: channel.id,
      guild_id: guild.id,
      user_id: userId,
      timestamp: Math.floor(Date.now() / 1000),
      member: memberPayload(member),
    };
    this.host.emit({ t: 'TYPING_START', guildId: guild.id, intents: bits.guildMessageTyping, payload: () => payload });
  }
}
