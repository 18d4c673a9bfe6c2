/** Where a notification goes: exactly one of the three. Ids are digits as text: numbers lose the last ones. */
export type Target = { userId: string } | { channelId: string } | { webhookUrl: string };

export interface Mentions {
  users?: readonly string[];
  roles?: readonly string[];
  everyone?: true;
}

export const priorities = ['low', 'normal', 'high', 'critical'] as const;
export const deliveries = ['push', 'pull'] as const;
export const locales = ['es', 'en'] as const;

/** How a notification is sent. Without `target` and `route` it goes to the user or the route of the settings. */
export interface PublishOptions {
  target?: Target;
  /** The name of a route that the operator made. */
  route?: string;
  /** The guild whose room sees the state of the delivery. */
  guildId?: string;
  /** Whether Guildcast delivers it (push) or a consumer fetches it (pull). */
  delivery?: (typeof deliveries)[number];
  priority?: (typeof priorities)[number];
  /** Not delivered before; a text is ISO 8601 with its zone. */
  notBefore?: string | Date;
  /** Not delivered after. */
  expiresAt?: string | Date;
  /** Only the newest that waits under this key is delivered, or one message is kept up to date. */
  collapseKey?: string;
  /** Those of one group are delivered in their order. */
  groupKey?: string;
  /** Where it goes if it cannot be delivered. */
  fallback?: Target;
  /** Whom it rings, by ids; nobody else. Needs a key with the scope `mention`. */
  mentions?: Mentions;
  locale?: (typeof locales)[number];
  /** A key of yours in place of a new UUID: the same key and content are one notification, however often they are sent. */
  idempotencyKey?: string;
}

/** A type with its payload, or a ready message in Discord's words. */
export interface Notification extends PublishOptions {
  type?: string;
  /** What can be written as JSON. Never changed: what is added to it is added to a copy. */
  payload?: object;
  message?: { content?: string; embeds?: readonly object[] };
}

/** What became of a notification. */
export type Published =
  /** Guildcast has stored it under this id. */
  | { state: 'accepted'; id: string }
  /** Guildcast could not be reached. It is in the spool on this machine's disk, and goes out as soon as that is possible. */
  | { state: 'spooled'; spoolId: string }
  /** Neither Guildcast nor the spool could take it; the `megacmd` webhook did. */
  | { state: 'fallback' };
