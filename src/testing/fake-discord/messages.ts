import { type GatewayEvent } from './gateway-event.js';
import { intents as bits } from './intents.js';
import { readableMessage } from './payloads.js';
import { byId } from './rest-paging.js';
import { type Snowflakes } from './snowflakes.js';
import { type WireMember, type WireMessage, type WireUser } from './wire.js';

/** For how long Discord knows a nonce again: it says "the past few minutes". Milliseconds. */
const nonceMemory = 180_000;
const keptMessages = 10_000;

/** A channel as messages see it. */
export interface MessagePlace {
  readonly channelId: string;
  /** Undefined for a direct message. */
  readonly guildId?: string;
  /** Whether the bot may read there. */
  botReads(): boolean;
  /** Undefined for a direct message, and for those who are not in the guild. */
  memberOf(userId: string): WireMember | undefined;
  newest(messageId: string): void;
}

interface MessageDraft {
  author: WireUser;
  content: string;
  mentions?: WireUser[];
  mentionEveryone?: boolean;
  mentionRoles?: string[];
  embeds?: unknown[];
  components?: unknown[];
  attachments?: number;
  nonce?: string | number;
  webhookId?: string;
  flags?: number;
}

interface Entry {
  message: WireMessage;
  place: MessagePlace;
}

/** Every message of the fake, written by whomever. Tells the sessions; refuses nothing. */
export class Messages {
  private readonly entries = new Map<string, Entry>();
  private readonly nonces = new Map<string, { messageId: string; at: number }>();

  constructor(
    private readonly emit: (event: GatewayEvent) => void,
    private readonly snowflakes: Snowflakes,
    private readonly bot: WireUser,
  ) {}

  create(place: MessagePlace, draft: MessageDraft): WireMessage {
    const id = this.snowflakes.next();
    const message: WireMessage = {
      id,
      channel_id: place.channelId,
      author: draft.author,
      content: draft.content,
      timestamp: new Date().toISOString(),
      edited_timestamp: null,
      tts: false,
      mention_everyone: draft.mentionEveryone ?? false,
      mentions: draft.mentions ?? [],
      mention_roles: draft.mentionRoles ?? [],
      attachments: this.attachments(place.channelId, draft.attachments ?? 0),
      embeds: draft.embeds ?? [],
      components: draft.components ?? [],
      pinned: false,
      type: 0,
      flags: draft.flags ?? 0,
      ...(draft.nonce === undefined ? {} : { nonce: draft.nonce }),
      ...(draft.webhookId === undefined ? {} : { webhook_id: draft.webhookId }),
    };
    this.remember({ message, place });
    place.newest(id);
    this.tell('MESSAGE_CREATE', { message, place });
    // The nonce is part of the answer and of this one event only.
    delete message.nonce;
    return draft.nonce === undefined ? { ...message } : { ...message, nonce: draft.nonce };
  }

  edit(id: string, changes: Partial<Pick<WireMessage, 'content' | 'embeds' | 'components' | 'flags'>>): WireMessage {
    return this.change(id, { ...changes, edited_timestamp: new Date().toISOString() });
  }

  /** Discord tells of these as of an edit, but it is none. */
  change(id: string, changes: Partial<Omit<WireMessage, 'id' | 'channel_id'>>): WireMessage {
    const entry = this.known(id);
    Object.assign(entry.message, changes);
    this.tell('MESSAGE_UPDATE', entry);
    return { ...entry.message };
  }

  /** Messages of one channel at once. */
  removeMany(ids: readonly string[]): void {
    const [first] = ids.map((id) => this.known(id));
    if (!first) return;
    for (const id of ids) this.entries.delete(id);
    const { channelId, guildId } = first.place;
    this.dispatch('MESSAGE_DELETE_BULK', first.place, () => ({ ids, channel_id: channelId, guild_id: guildId }));
  }

  remove(id: string): void {
    const { place } = this.known(id);
    this.entries.delete(id);
    const { channelId, guildId } = place;
    this.dispatch('MESSAGE_DELETE', place, () => ({ id, channel_id: channelId, guild_id: guildId }));
  }

  find(channelId: string, id: string): WireMessage | undefined {
    const entry = this.entries.get(id);
    return entry?.place.channelId === channelId ? entry.message : undefined;
  }

  /** Those of a channel, oldest first. */
  of(channelId: string): WireMessage[] {
    const there = [...this.entries.values()].filter(({ place }) => place.channelId === channelId);
    return there.map(({ message }) => ({ ...message })).sort(byId);
  }

  /** Discord has forgotten them, as it does after some minutes. */
  forgetNonces(): void {
    this.nonces.clear();
  }

  /** The bot's message of the past few minutes with this nonce. */
  withNonce(nonce: string | number): WireMessage | undefined {
    const known = this.nonces.get(String(nonce));
    if (!known || known.at < Date.now() - nonceMemory) return undefined;
    const message = this.entries.get(known.messageId)?.message;
    return message && { ...message, nonce };
  }

  private known(id: string): Entry {
    const entry = this.entries.get(id);
    if (!entry) throw new Error(`No message ${id}`);
    return entry;
  }

  private remember(entry: Entry): void {
    const { id, nonce, author } = entry.message;
    this.entries.set(id, entry);
    if (nonce !== undefined && author.id === this.bot.id)
      this.nonces.set(String(nonce), { messageId: id, at: Date.now() });
    for (const map of [this.entries, this.nonces]) {
      if (map.size > keptMessages) map.delete(map.keys().next().value!);
    }
  }

  private tell(t: string, { message, place }: Entry): void {
    this.dispatch(t, place, (intents) => {
      const { guildId } = place;
      if (guildId === undefined) return { ...message, channel_type: 1 };
      return {
        ...readableMessage(message, intents, this.bot.id),
        guild_id: guildId,
        member: withoutUser(place.memberOf(message.author.id)),
        mentions: message.mentions.map((user) => ({ ...user, member: withoutUser(place.memberOf(user.id)) })),
      };
    });
  }

  private dispatch(t: string, place: MessagePlace, payload: (intents: number) => unknown): void {
    if (!place.botReads()) return;
    const intents = place.guildId === undefined ? bits.directMessages : bits.guildMessages;
    this.emit({ t, guildId: place.guildId, intents, payload });
  }

  private attachments(channelId: string, count: number): WireMessage['attachments'] {
    return Array.from({ length: count }, (_, n) => {
      const id = this.snowflakes.next();
      const filename = `file-${n + 1}.txt`;
      const url = `https://cdn.discordapp.com/attachments/${channelId}/${id}/${filename}`;
      return { id, filename, size: 64, url, proxy_url: url, content_type: 'text/plain; charset=utf-8' };
    });
  }
}

function withoutUser(member: WireMember | undefined): Partial<WireMember> | undefined {
  const rest: Partial<WireMember> | undefined = member && { ...member };
  delete rest?.user;
  return rest;
}
