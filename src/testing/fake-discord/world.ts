import { FakeGuild, type GuildHost } from './fake-guild.js';
import { type GatewayEvent } from './gateway-event.js';
import { type GuildOptions, type UserOptions } from './guild-options.js';
import { type PrivilegedIntents, intents } from './intents.js';
import { Logins } from './logins.js';
import { Interactions } from './interactions.js';
import { type MessagePlace, Messages } from './messages.js';
import { type RegisteredCommand } from './command-form.js';
import { Snowflakes } from './snowflakes.js';
import { WatchedList } from './watched-list.js';
import { Webhooks } from './webhooks.js';
import { type PresenceStatus, type WireActivity, type WireChannel, type WireDmChannel, type WireUser } from './wire.js';

/** One message that the bot or a webhook sent. A send that Discord knew again by its nonce adds none. */
export interface SentMessage {
  channelId: string;
  /** Of a direct message: to whom. */
  userId?: string;
  guildId?: string;
  /** Of a message by webhook. */
  webhookId?: string;
  content: string;
  /** As they were posted. */
  embeds: unknown[];
  nonce?: string | number;
  enforceNonce: boolean;
  /** As posted; undefined when the bot gave none. */
  allowedMentions?: unknown;
  messageId: string;
  /** Milliseconds since 1970. */
  at: number;
}

/** The state of the fake: who and what exists. REST and the gateway are two views of it. */
export class World implements GuildHost {
  readonly snowflakes = new Snowflakes();
  readonly webhooks = new Webhooks(this.snowflakes);
  readonly bot: WireUser;
  readonly messages: Messages;
  readonly logins = new Logins(
    () => this.bot.id,
    (id) => this.users.get(id),
  );
  readonly users = new Map<string, WireUser>();
  readonly guilds = new Map<string, FakeGuild>();
  readonly closedDms = new Set<string>();
  readonly sent = new WatchedList<SentMessage>('message sent by the bot');
  /** Application commands by where they are registered: a guild's id, or `global`. */
  readonly commands = new Map<string, RegisteredCommand[]>();
  readonly interactions = new Interactions(this);
  private readonly dms = new Map<string, WireDmChannel>();
  private listener: (event: GatewayEvent) => void = () => undefined;

  constructor(
    bot: { id?: string; username?: string },
    readonly allowed: PrivilegedIntents,
  ) {
    this.bot = this.user({ id: bot.id, username: bot.username ?? 'Guildcast', bot: true });
    this.messages = new Messages((event) => this.emit(event), this.snowflakes, this.bot);
  }

  onEvent(listener: (event: GatewayEvent) => void): void {
    this.listener = listener;
  }

  emit(event: GatewayEvent): void {
    this.listener(event);
  }

  user({ id, username, globalName, avatar, bot }: UserOptions): WireUser {
    const known = id === undefined ? undefined : this.users.get(id);
    if (known) return known;
    const user: WireUser = {
      id: id ?? this.snowflakes.next(),
      username,
      discriminator: bot ? '0001' : '0',
      global_name: globalName ?? null,
      avatar: avatar ?? null,
      bot: bot ?? false,
    };
    this.users.set(user.id, user);
    return user;
  }

  updateUser(userId: string, changes: Partial<Omit<UserOptions, 'id' | 'bot'>>): void {
    const user = this.users.get(userId);
    if (!user) throw new Error(`No user ${userId}`);
    if (changes.username !== undefined) user.username = changes.username;
    if (changes.globalName !== undefined) user.global_name = changes.globalName;
    if (changes.avatar !== undefined) user.avatar = changes.avatar;
    for (const guild of this.guilds.values()) if (guild.members.has(userId)) guild.tellMember(userId);
  }

  addGuild(options: GuildOptions): FakeGuild {
    const guild = new FakeGuild(this, options);
    if (this.guilds.has(guild.id)) throw new Error(`Guild ${guild.id} exists already`);
    this.guilds.set(guild.id, guild);
    guild.tellAll();
    return guild;
  }

  removeGuild(guildId: string): void {
    if (!this.guilds.delete(guildId)) throw new Error(`No guild ${guildId}`);
    this.emit({ t: 'GUILD_DELETE', guildId, intents: intents.guilds, payload: () => ({ id: guildId }) });
  }

  /** What the application said of its own presence: it shows in each of its guilds. */
  showBot(status: PresenceStatus, activities: WireActivity[]): void {
    for (const guild of this.guilds.values()) {
      const member = guild.members.get(this.bot.id);
      if (member) Object.assign(member, { status, activities });
    }
  }

  /** The channel of the bot's direct messages with a user: always the same one. */
  dmWith(user: WireUser): WireDmChannel {
    let dm = this.dms.get(user.id);
    if (!dm) {
      dm = { id: this.snowflakes.next(), type: 1, recipients: [user], last_message_id: null, flags: 0 };
      this.dms.set(user.id, dm);
    }
    return dm;
  }

  dm(channelId: string): WireDmChannel | undefined {
    for (const dm of this.dms.values()) if (dm.id === channelId) return dm;
    return undefined;
  }

  guildChannel(channelId: string): { guild: FakeGuild; channel: WireChannel } | undefined {
    for (const guild of this.guilds.values()) {
      const channel = guild.channels.get(channelId);
      if (channel && guild.available) return { guild, channel };
    }
    return undefined;
  }

  placeOfDm(dm: WireDmChannel): MessagePlace {
    return {
      channelId: dm.id,
      botReads: () => true,
      memberOf: () => undefined,
      newest: (messageId) => (dm.last_message_id = messageId),
    };
  }
}
