import { type GatewayEvent } from './gateway-event.js';
import {
  type ActivityOptions,
  type ChannelOptions,
  type GuildOptions,
  type MemberOptions,
  type RoleOptions,
  type SayOptions,
  type UserOptions,
} from './guild-options.js';
import { activityOf, channelOf, defined, overwriteOf, roleOf } from './guild-parts.js';
import { intents as bits } from './intents.js';
import { type MessagePlace, type Messages } from './messages.js';
import {
  type GuildState,
  type MemberState,
  channelPayload,
  guildCreatePayload,
  guildPayload,
  isThread,
  memberPayload,
  presencePayload,
} from './payloads.js';
import { GuildTalk } from './guild-talk.js';
import { GuildVoice } from './guild-voice.js';
import { everyonePermissions, may, permissions, permissionsIn } from './permissions.js';
import { type Snowflakes } from './snowflakes.js';
import {
  type PresenceStatus,
  type WireChannel,
  type WireMessage,
  type WireOverwrite,
  type WirePlatform,
  type WireRole,
  type WireUser,
} from './wire.js';

/** What a guild needs of the world around it. */
export interface GuildHost {
  readonly bot: WireUser;
  readonly snowflakes: Snowflakes;
  readonly messages: Messages;
  readonly users: ReadonlyMap<string, WireUser>;
  emit(event: GatewayEvent): void;
  /** The known user with that id, or a new one. */
  user(options: UserOptions): WireUser;
}

/** A guild of the fake Discord. Each change is told to the connected sessions, as their intents allow. */
export class FakeGuild implements GuildState {
  readonly id: string;
  readonly botId: string;
  readonly ownerId: string;
  readonly roles = new Map<string, WireRole>();
  readonly channels = new Map<string, WireChannel>();
  readonly members = new Map<string, MemberState>();
  /** What becomes of messages, and who is about to write one. */
  readonly talk: GuildTalk;
  readonly voice: GuildVoice;
  name: string;
  icon: string | null;
  /** Discord's number: 0 default, 1 explicit, 2 safe, 3 age restricted. */
  nsfwLevel = 0;
  /** False during an outage of the guild: nothing is told of it. */
  available = true;

  constructor(
    private readonly host: GuildHost,
    options: GuildOptions,
  ) {
    this.id = options.id ?? host.snowflakes.next();
    this.talk = new GuildTalk(this, host);
    this.voice = new GuildVoice(this, host);
    this.name = options.name;
    this.icon = options.icon ?? null;
    this.botId = host.bot.id;
    this.ownerId = host.snowflakes.next();
    this.roles.set(this.id, roleOf({ id: this.id, name: '@everyone', position: 0, permissions: everyonePermissions }));
    const botRole = this.role({
      name: host.bot.username,
      permissions: options.botPermissions ?? permissions.administrator,
    });
    this.roles.set(botRole.id, { ...botRole, managed: true, tags: { bot_id: this.botId } });
    this.members.set(this.botId, {
      id: this.botId,
      user: host.bot,
      nick: null,
      roles: [botRole.id],
      joinedAt: new Date().toISOString(),
      status: 'online',
      activities: [],
    });
  }

  addRole(options: RoleOptions): WireRole {
    const role = this.role(options);
    this.roles.set(role.id, role);
    this.tell('GUILD_ROLE_CREATE', bits.guilds, { guild_id: this.id, role });
    return role;
  }

  updateRole(roleId: string, options: Partial<Omit<RoleOptions, 'id'>>): void {
    const former = this.known(this.roles, roleId, 'role');
    const { managed } = former;
    const role = Object.assign(former, roleOf({ ...former, ...defined(options), id: roleId }), { managed });
    this.tell('GUILD_ROLE_UPDATE', bits.guilds, { guild_id: this.id, role });
  }

  removeRole(roleId: string): void {
    this.known(this.roles, roleId, 'role');
    this.roles.delete(roleId);
    for (const member of this.members.values()) member.roles = member.roles.filter((id) => id !== roleId);
    this.tell('GUILD_ROLE_DELETE', bits.guilds, { guild_id: this.id, role_id: roleId });
  }

  /** Types 10, 11 and 12 are threads: they need a `parentId`, whose overwrites count for them. */
  addChannel(options: ChannelOptions): WireChannel {
    const position = this.channels.size;
    const id = options.id ?? this.host.snowflakes.next();
    const channel = channelOf({ ...options, id, guildId: this.id, position });
    if (isThread(channel)) this.known(this.channels, channel.parent_id ?? '', 'parent channel');
    this.channels.set(channel.id, channel);
    this.tellChannel('CREATE', channel);
    return channel;
  }

  updateChannel(channelId: string, options: Partial<Omit<ChannelOptions, 'id'>>): void {
    const channel = this.known(this.channels, channelId, 'channel');
    const { overwrites, parentId, ...rest } = defined(options);
    Object.assign(channel, rest);
    if (parentId !== undefined) channel.parent_id = parentId;
    if (overwrites) channel.permission_overwrites = overwrites.map(overwriteOf);
    this.tellChannel('UPDATE', channel);
  }

  removeChannel(channelId: string): void {
    const channel = this.known(this.channels, channelId, 'channel');
    this.channels.delete(channelId);
    this.tellChannel('DELETE', channel);
    this.voice.empty(channelId);
  }

  addMember(options: MemberOptions): MemberState {
    const user = this.host.user(options);
    if (this.members.has(user.id)) throw new Error(`${user.id} is a member of ${this.id} already`);
    for (const id of options.roles ?? []) this.known(this.roles, id, 'role');
    const member: MemberState = {
      id: user.id,
      user,
      nick: options.nick ?? null,
      roles: [...(options.roles ?? [])],
      joinedAt: new Date(options.joinedAt ?? Date.now()).toISOString(),
      status: options.status ?? 'offline',
      activities: (options.activities ?? []).map(activityOf),
    };
    this.members.set(user.id, member);
    this.tell('GUILD_MEMBER_ADD', bits.guildMembers, { ...memberPayload(member), guild_id: this.id });
    if (member.status !== 'offline') this.tellPresence(member);
    return member;
  }

  updateMember(userId: string, changes: { nick?: string | null; roles?: string[] }): void {
    const member = this.known(this.members, userId, 'member');
    for (const id of changes.roles ?? []) this.known(this.roles, id, 'role');
    if (changes.nick !== undefined) member.nick = changes.nick;
    if (changes.roles) member.roles = [...changes.roles];
    this.tellMember(userId);
  }

  removeMember(userId: string): void {
    if (userId === this.botId) throw new Error('To take the bot out of a guild, remove the guild');
    const { user } = this.known(this.members, userId, 'member');
    this.voice.move(userId, null);
    this.members.delete(userId);
    this.tell('GUILD_MEMBER_REMOVE', bits.guildMembers, { guild_id: this.id, user });
  }

  /** `platforms` as they were when not given. */
  setPresence(
    userId: string,
    status: PresenceStatus,
    activities: ActivityOptions[] = [],
    platforms?: readonly WirePlatform[],
  ): void {
    const member = this.known(this.members, userId, 'member');
    member.status = status;
    member.activities = activities.map(activityOf);
    if (platforms) member.platforms = platforms;
    this.tellPresence(member);
  }

  update(changes: { name?: string; icon?: string | null; nsfwLevel?: number }): void {
    Object.assign(this, defined(changes));
    this.tell('GUILD_UPDATE', bits.guilds, guildPayload(this));
  }

  /** A member writes into a text channel. */
  say(options: SayOptions): WireMessage {
    const channel = this.known(this.channels, options.channelId, 'channel');
    const { user: author } = this.known(this.members, options.authorId, 'member');
    const { content } = options;
    const everyone = may(this.permissionsOf(author.id, channel.id), permissions.mentionEveryone);
    const named = options.mentions ?? [...content.matchAll(/<@!?(\d+)>/g)].map(([, id]) => id!);
    return this.host.messages.create(this.place(channel), {
      author,
      content,
      mentions: [...new Set(named)].flatMap((id) => this.host.users.get(id) ?? []),
      mentionRoles: [...content.matchAll(/<@&(\d+)>/g)].map(([, id]) => id!).filter((id) => this.roles.has(id)),
      mentionEveryone: everyone && /@(everyone|here)\b/.test(content),
      attachments: options.attachments,
    });
  }

  /** An outage of Discord takes the guild away from the bot. */
  setUnavailable(): void {
    this.tell('GUILD_DELETE', bits.guilds, { id: this.id, unavailable: true });
    this.available = false;
  }

  setAvailable(): void {
    this.available = true;
    this.tellAll();
  }

  tellAll(): void {
    this.tell('GUILD_CREATE', bits.guilds, (intents, threshold) => this.snapshot(intents, threshold));
  }

  /** GUILD_CREATE: everything about the guild that a session may know. */
  snapshot(intents: number, largeThreshold: number): unknown {
    return guildCreatePayload(this, intents, largeThreshold);
  }

  /** GUILD_MEMBER_UPDATE. Of the bot itself every session is told. */
  tellMember(userId: string): void {
    const member = this.known(this.members, userId, 'member');
    const intents = userId === this.botId ? 0 : bits.guildMembers;
    this.tell('GUILD_MEMBER_UPDATE', intents, { ...memberPayload(member), guild_id: this.id });
  }

  permissionsOf(userId: string, channelId: string): bigint {
    const channel = this.known(this.channels, channelId, 'channel');
    const ruling = isThread(channel) ? this.known(this.channels, channel.parent_id ?? '', 'parent channel') : channel;
    return this.permissionsWith(userId, ruling.permission_overwrites);
  }

  /** Before any channel's overwrites. */
  botPermissions(): bigint {
    return this.permissionsWith(this.botId, []);
  }

  place(channel: WireChannel): MessagePlace {
    return {
      channelId: channel.id,
      guildId: this.id,
      botReads: () => this.available && may(this.permissionsOf(this.botId, channel.id), permissions.viewChannel),
      memberOf: (userId) => {
        const member = this.members.get(userId);
        return member && memberPayload(member);
      },
      newest: (messageId) => (channel.last_message_id = messageId),
    };
  }

  private permissionsWith(userId: string, overwrites: readonly WireOverwrite[]): bigint {
    const roleIds = this.known(this.members, userId, 'member').roles;
    return permissionsIn({ guildId: this.id, userId, ownerId: this.ownerId, roleIds, roles: this.roles }, overwrites);
  }

  private tellChannel(change: 'CREATE' | 'UPDATE' | 'DELETE', channel: WireChannel): void {
    const t = `${isThread(channel) ? 'THREAD' : 'CHANNEL'}_${change}`;
    this.tell(t, bits.guilds, channelPayload(channel, this.ownerId));
  }

  private tellPresence(member: MemberState): void {
    this.tell('PRESENCE_UPDATE', bits.guildPresences, { ...presencePayload(member), guild_id: this.id });
  }

  private tell(t: string, intents: number, payload: object | GatewayEvent['payload']): void {
    if (!this.available) return;
    const compute = typeof payload === 'function' ? (payload as GatewayEvent['payload']) : () => payload;
    this.host.emit({ t, guildId: this.id, intents, payload: compute });
  }

  private role(options: RoleOptions): WireRole {
    return roleOf({ id: this.host.snowflakes.next(), position: this.roles.size, ...defined(options) });
  }

  private known<T>(map: ReadonlyMap<string, T>, id: string, what: string): T {
    const found = map.get(id);
    if (!found) throw new Error(`No ${what} ${id} in guild ${this.id}`);
    return found;
  }
}
