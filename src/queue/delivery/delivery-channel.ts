import { type NotificationTarget, type RenderedMessage, type SendOutcome } from '../../domain/notification.js';
import { type ClaimedNotification } from '../notification.repository.js';

/** One way out of the house. */
export abstract class DeliveryChannel {
  abstract readonly name: string;

  /** Whether targets of this form are its own. */
  abstract accepts(target: NotificationTarget): boolean;

  /**
   * Tries once. Where the receiving side can tell repeated sends apart, `notification.nonce` must make them one. A throw
   * counts as a failed try.
   */
  abstract deliver(notification: ClaimedNotification, message: RenderedMessage): Promise<SendOutcome>;
}
