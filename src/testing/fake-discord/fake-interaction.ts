import { ApiError } from './api-error.js';
import { type AllowedMentions, editedForm, type MessageForm, messageForm } from './message-form.js';
import { WatchedList } from './watched-list.js';

/** What the user saw of an answer. */
export interface InteractionAnswer {
  content: string;
  embeds: unknown[];
  /** For the eyes of the user alone. */
  ephemeral: boolean;
  /** As posted; undefined when the bot gave none. */
  allowedMentions?: AllowedMentions;
}

/** Milliseconds to the first sign of the application, and for everything that follows. */
const firstSign = 3_000;
const lifetime = 15 * 60_000;

const ephemeralFlag = 64;
const kinds = { message: 4, deferred: 5 };

const unknownInteraction = (): ApiError => new ApiError(404, 10062, 'Unknown interaction');
const unknownWebhook = (): ApiError => new ApiError(404, 10015, 'Unknown Webhook');

/** Somebody's use of a command, and what became of it. */
export class FakeInteraction {
  /** The bot let the user wait. */
  deferred = false;
  /** The first message, as the user sees it now. */
  answer: InteractionAnswer | undefined;
  /** Each message and each edit, oldest first. */
  readonly answers = new WatchedList<InteractionAnswer>('answer to an interaction');
  private readonly since = Date.now();
  private acknowledged = false;
  private form: MessageForm | undefined;
  private ephemeral = false;

  constructor(
    readonly id: string,
    readonly token: string,
    private readonly channelId: string,
  ) {}

  /** The first answer, from the past or to come. `timeout` in milliseconds. */
  waitForAnswer({ timeout = 15_000 }: { timeout?: number } = {}): Promise<InteractionAnswer> {
    return this.answers.waitFor(() => true, timeout);
  }

  /** POST of the callback. */
  callBack(body: unknown): void {
    if (this.acknowledged) throw new ApiError(400, 40060, 'Interaction has already been acknowledged.');
    if (Date.now() - this.since > firstSign) throw unknownInteraction();
    const { type, data } = (body ?? {}) as { type?: unknown; data?: unknown };
    if (type === kinds.message) {
      this.take(messageForm(data));
    } else if (type === kinds.deferred) {
      this.deferred = true;
      this.ephemeral = (Number((data as { flags?: unknown } | undefined)?.flags ?? 0) & ephemeralFlag) !== 0;
    } else {
      throw new ApiError(400, 50035, 'Invalid Form Body');
    }
    this.acknowledged = true;
  }

  /** PATCH of the first message. Whether it is for one alone was said before. */
  edit(body: unknown): void {
    this.mustBeAcknowledged();
    const form = editedForm(this.form ?? {}, body);
    this.take({ ...form, flags: this.ephemeral ? form.flags | ephemeralFlag : form.flags & ~ephemeralFlag });
  }

  /** GET of the first message. */
  get message(): object {
    this.mustBeAcknowledged();
    return {
      id: this.id,
      channel_id: this.channelId,
      timestamp: new Date(this.since).toISOString(),
      type: 20,
      content: this.answer?.content ?? '',
      embeds: this.answer?.embeds ?? [],
      flags: (this.ephemeral ? ephemeralFlag : 0) | (this.answer === undefined ? 128 : 0),
      webhook_id: this.id,
    };
  }

  private take(form: MessageForm): void {
    this.form = form;
    this.ephemeral = (form.flags & ephemeralFlag) !== 0;
    const { content, embeds, allowedMentions } = form;
    this.answer = { content, embeds, ephemeral: this.ephemeral, allowedMentions };
    this.answers.add(this.answer);
  }

  private mustBeAcknowledged(): void {
    if (!this.acknowledged || Date.now() - this.since > lifetime) throw unknownWebhook();
  }
}

/** For tokens that are none. */
export const strangers = { unknownInteraction, unknownWebhook };
