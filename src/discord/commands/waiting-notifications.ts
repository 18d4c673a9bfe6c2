/** How long the queue is. */
export abstract class WaitingNotifications {
  /** Notifications of the whole program that are neither delivered nor dead. @throws when that cannot be told now */
  abstract count(): Promise<number>;
}
