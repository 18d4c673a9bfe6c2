import { Inject, Injectable } from '@nestjs/common';
import { withinLimits } from '../../discord/embed-limits.js';
import { messageBody } from '../../discord/message-body.js';
import { Fault } from '../../domain/fault.js';
import { type Locale, type RenderedMessage } from '../../domain/notification.js';
import { storedJson } from '../canonical-json.js';
import { type PublishRequest } from '../publish-request.js';
import { QUEUE_CONFIG, type QueueConfig } from '../queue.config.js';
import { type Maker, NotificationRenderer } from '../types/notification-renderer.js';
import { CompiledTemplate } from './compiled-template.js';
import { remarkCuts } from './cut-remarks.js';
import { type TemplateBody } from './template-body.js';

/** Warnings that are kept: a wall of them helps nobody. */
const mostWarnings = 50;

export interface Preview {
  /** What would be sent, within Discord's limits. */
  message: RenderedMessage;
  /** The same as Discord reads it; null when it says nothing and nothing would be sent. */
  discord: Record<string, unknown> | null;
  by: Maker;
  warnings: string[];
}

/** Of a publish request, what its look depends on. */
type PreviewInput = Pick<
  PublishRequest,
  'type' | 'payload' | 'message' | 'mentions' | 'guildId' | 'locale' | 'priority'
>;

/** Shows what a notification would look like. Nothing is stored, and nobody is told. */
@Injectable()
export class NotificationPreview {
  constructor(
    @Inject(QUEUE_CONFIG) private readonly config: Pick<QueueConfig, 'QUEUE_MAX_PAYLOAD_BYTES'>,
    private readonly renderer: NotificationRenderer,
  ) {}

  /**
   * `template` is tried in place of those that are stored.
   * @throws Fault `request.invalid` when the template cannot be read or the payload is nested too deep, `request.too_large`
   */
  show(notification: PreviewInput, template?: TemplateBody): Preview {
    const at = new Date();
    const warnings = new Set<string>();
    const remark = (place: string, words: string): void => {
      if (warnings.size < mostWarnings) warnings.add(`${place}: ${words}`);
    };
    const { type = 'message', payload = {}, message: ready } = notification;
    const told = {
      ...notification,
      type,
      payload: this.stored('payload', payload),
      message: ready && this.stored('message', ready),
      id: '0',
      createdAt: at,
      priority: notification.priority ?? 'normal',
    };
    const trial = template && trialOf(template, this.renderer.localeOf(notification));
    const { message, by } = this.renderer.tell(told, at, { trial, remark });
    const sent = withinLimits(message);
    remarkCuts(message, sent, remark);
    const discord = messageBody(message, notification.mentions);
    return { message: sent, discord: discord ? { ...discord } : null, by, warnings: [...warnings] };
  }

  /** As it would come out of the database. */
  private stored<T>(what: string, value: T): T {
    const json = storedJson(value);
    const limit = this.config.QUEUE_MAX_PAYLOAD_BYTES;
    if (Buffer.byteLength(json) <= limit) return JSON.parse(json) as T;
    throw new Fault('request.too_large', `The ${what} is larger than ${limit} bytes of JSON.`);
  }
}

function trialOf(template: TemplateBody, locale: Locale): CompiledTemplate {
  try {
    return new CompiledTemplate(template, locale);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const errors = error.details.errors?.map(({ path, message }) => ({ path: `template.${path}`, message }));
    throw new Fault(error.code, error.message, { ...error.details, ...(errors && { errors }) });
  }
}
