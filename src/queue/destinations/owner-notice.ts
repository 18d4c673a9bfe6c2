import { type ClaimedNotification } from '../lease.repository.js';

/** Tells whoever is responsible that a target is switched off. */
export abstract class OwnerNotice {
  /** `by` is the notification whose failure was the last straw. Best effort here, and made up for later. */
  abstract switchedOff(
    by: Pick<ClaimedNotification, 'id' | 'type' | 'guildId' | 'nonce' | 'target'>,
    reason: string,
  ): void;
}
