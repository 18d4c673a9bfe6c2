import {
  type NotificationTarget,
  type PublishTarget,
  type RenderedMessage,
  type SendOutcome,
} from '../../domain/notification.js';
import { type MessageSearch } from '../../discord/message-lookup.js';
import { type ClaimedNotification } from '../lease.repository.js';

/** A target as it is kept: what its publisher may see again, and what nobody may. */
export interface PlacedTarget {
  target: NotificationTarget;
  secret?: string;
}

/**
 * One way out of the house. What goes to a user, a channel or a webhook waits while Discord is out; all other targets are
 * no business of Discord's (`ways` in `lease.repository.ts`).
 */
export abstract class DeliveryChannel {
  abstract readonly name: string;

  /** Whether the receiving side takes a repeated send for the first one. Otherwise what may have arrived is not repeated. */
  abstract readonly repeatable: boolean;

  /**
   * What to keep of a target that is its own; undefined for others'.
   * @throws Fault `request.invalid`, `service.unavailable` (it cannot be looked up now)
   */
  abstract place(target: PublishTarget): PlacedTarget | undefined | Promise<PlacedTarget>;

  /** Whether targets of this form are its own. */
  abstract accepts(target: NotificationTarget): boolean;

  /**
   * Tries once. Where it is `repeatable`, `notification.nonce` must make repeated sends one. A throw counts as a failed
   * try, or, where it is not, leaves unknown what became of it.
   */
  abstract deliver(notification: ClaimedNotification, message: RenderedMessage): Promise<SendOutcome>;

  /**
   * Replaces a message that was delivered there; the same edit twice is one. Of channels that cannot, each notification
   * is a message of its own. The outcome may be `gone`.
   */
  edit?(notification: ClaimedNotification, messageId: string, message: RenderedMessage): Promise<SendOutcome>;

  /**
   * Looks whether an earlier try has brought the message there, at `since` or later. Only where the receiver knows a
   * repeated send for a limited time.
   */
  lookUp?(notification: ClaimedNotification, message: RenderedMessage, since: Date): Promise<MessageSearch>;
}
