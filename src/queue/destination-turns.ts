import { type ClaimedNotification } from './lease.repository.js';

/** Notifications that wait here for one destination; more of them stay in the database meanwhile. */
const longestLine = 10;

/**
 * One delivery to a destination at a time, in the order in which they were claimed: this process neither overtakes
 * itself nor spends its places on the rate limit of one destination.
 */
export class DestinationTurns {
  /** A destination is in it while a delivery goes there. */
  private readonly lines = new Map<string, ClaimedNotification[]>();

  /** True when it may go at once; otherwise it waits here. */
  enter(notification: ClaimedNotification): boolean {
    const line = this.lines.get(notification.destination);
    if (line) line.push(notification);
    else this.lines.set(notification.destination, []);
    return line === undefined;
  }

  /** Says that a delivery to the destination has ended; answers the one whose turn it is. */
  next(destination: string): ClaimedNotification | undefined {
    const next = this.lines.get(destination)?.shift();
    if (next === undefined) this.lines.delete(destination);
    return next;
  }

  /** Destinations that have enough waiting. */
  get crowded(): string[] {
    return [...this.lines].flatMap(([destination, line]) => (line.length < longestLine ? [] : [destination]));
  }

  get waiting(): ClaimedNotification[] {
    return [...this.lines.values()].flat();
  }

  /** Takes all that wait away, or those of one destination. */
  dismiss(destination?: string): ClaimedNotification[] {
    const lines = destination === undefined ? [...this.lines.values()] : [this.lines.get(destination) ?? []];
    return lines.flatMap((line) => line.splice(0));
  }
}
