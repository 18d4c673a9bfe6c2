import { Inject, Injectable } from '@nestjs/common';
import {
  type Locale,
  locales,
  type Mentions,
  type RenderedEmbed,
  type RenderedMessage,
} from '../../domain/notification.js';
import { QUEUE_CONFIG, type QueueConfig } from '../queue.config.js';
import { type CompiledTemplate, type Filling, type Remark } from '../templates/compiled-template.js';
import { NotificationTemplateStore } from '../templates/notification-template.store.js';
import { TemplateFailure } from '../templates/template-failure.js';
import { renderGeneric } from './generic.type.js';
import { record } from './payload-fields.js';
import { builtInType } from './type-registry.js';

/** What a notification says, and what its look may depend on. */
export interface Tellable {
  type: string;
  payload: unknown;
  /** A ready message, which is sent as it is. */
  message?: RenderedMessage | null;
  /** They stand before all that it says. */
  mentions?: Mentions | null;
  /** Its own, or that of its route; anything but one of ours means QUEUE_LOCALE. */
  locale?: string | null;
  id?: string;
  guildId?: string | null;
  createdAt?: Date;
  priority?: string | number | null;
}

/** What a message was made by. */
export type Maker =
  { kind: 'message' | 'generic' } | { kind: 'template' | 'built-in'; type: string; locale: Locale } | { kind: 'trial' };

export interface Telling {
  message: RenderedMessage;
  by: Maker;
}

interface Trying {
  /** Comes before everything that is stored. */
  trial?: CompiledTemplate | undefined;
  /** Hears what was hardly meant, and what failed; nothing is noted then. */
  remark?: Remark;
}

/** Makes a message of any notification: the language comes first, then an operator's template before a form of ours. */
@Injectable()
export class NotificationRenderer {
  constructor(
    @Inject(QUEUE_CONFIG) private readonly config: Pick<QueueConfig, 'QUEUE_LOCALE'>,
    private readonly templates: NotificationTemplateStore,
  ) {}

  /** The message of a notification that is sent at that moment. Any type and payload has one. */
  render(notification: Tellable, at: Date): RenderedMessage {
    return this.tell(notification, at).message;
  }

  /** The same, and what the message was made by. */
  tell(notification: Tellable, at: Date, trying: Trying = {}): Telling {
    const { message, by } = this.told(notification, at, trying);
    return { message: notification.mentions ? calling(notification.mentions, message) : message, by };
  }

  private told(notification: Tellable, at: Date, trying: Trying): Telling {
    const { type, message } = notification;
    if (message) return { message, by: { kind: 'message' } };
    const locale = this.localeOf(notification);
    return (
      this.tried(notification, at, trying) ??
      this.stored(locale, notification, at, trying) ??
      builtIn(type, locale, notification.payload, at) ??
      this.stored(otherThan(locale), notification, at, trying) ??
      stamped(renderGeneric(type, notification.payload), { kind: 'generic' }, at)
    );
  }

  /** The language that a notification is told in. */
  localeOf({ locale }: Pick<Tellable, 'locale'>): Locale {
    return locales.find((one) => one === locale) ?? this.config.QUEUE_LOCALE;
  }

  private tried(notification: Tellable, at: Date, { trial, remark }: Trying): Telling | undefined {
    const message = trial && attempt(() => trial.render(fillingOf(notification, at, remark)), remark);
    return message && { message, by: { kind: 'trial' } };
  }

  private stored(locale: Locale, notification: Tellable, at: Date, { remark }: Trying): Telling | undefined {
    const { type } = notification;
    const template = this.templates.find(type, locale);
    if (!template) return undefined;
    if (!template.ready) {
      remark?.('template', `that of ${type} (${locale}) could not be used a moment ago, and rests`);
      return undefined;
    }
    const note = remark ? undefined : (failure: TemplateFailure) => this.templates.report(template, failure);
    const message = attempt(() => template.render(fillingOf(notification, at, remark)), remark, note);
    return message && { message, by: { kind: 'template', type, locale } };
  }
}

/** Discord rings whoever is named in the text above the embeds, and nobody for what an embed says. */
function calling({ users = [], roles = [], everyone }: Mentions, message: RenderedMessage): RenderedMessage {
  const names = [
    ...users.map((id) => `<@${id}>`),
    ...roles.map((id) => `<@&${id}>`),
    ...(everyone ? ['@everyone'] : []),
  ];
  const words = names.join(' ');
  return { ...message, content: message.content?.trim() ? `${words}\n${message.content}` : words };
}

function attempt(
  fill: () => RenderedMessage,
  remark?: Remark,
  note?: (failure: TemplateFailure) => void,
): RenderedMessage | undefined {
  try {
    return fill();
  } catch (error) {
    const failure = error instanceof TemplateFailure ? error : TemplateFailure.at('template', error);
    remark?.(failure.place, `the template cannot be used: ${failure.reason}`);
    note?.(failure);
    return undefined;
  }
}

function builtIn(type: string, locale: Locale, payload: unknown, at: Date): Telling | undefined {
  const ours = builtInType(type);
  return ours && stamped(ours.render(payload, locale), { kind: 'built-in', type, locale }, at);
}

function stamped(embed: RenderedEmbed, by: Maker, at: Date): Telling {
  return { message: { embeds: [{ ...embed, timestamp: at.toISOString() }] }, by };
}

function otherThan(locale: Locale): Locale {
  return locale === 'es' ? 'en' : 'es';
}

function fillingOf(notification: Tellable, at: Date, remark: Remark | undefined): Filling {
  const { type, id, createdAt, priority, guildId } = notification;
  const payload = record().parse(notification.payload);
  const about = { type, id, createdAt: createdAt?.toISOString(), priority };
  const guild = guildId ? { guild: { id: guildId } } : {};
  const variables = { payload, ...payload, ...guild, notification: about };
  return { variables, at, size: JSON.stringify(payload).length, remark };
}
