import { Injectable, Logger } from '@nestjs/common';
import { type SendOutcome } from '../../domain/notification.js';
import { type ClaimedNotification } from '../lease.repository.js';
import { DestinationRepository } from './destination.repository.js';
import { OwnerNotice } from './owner-notice.js';

type Verdict = 'arrived' | 'refused' | 'failed' | 'none';

/** What an outcome says of the target; an outage, a rate limit or a message that is at fault say nothing. */
export function verdictOf(outcome: SendOutcome): Verdict {
  if (outcome.kind === 'sent') return 'arrived';
  if (outcome.kind === 'unknown' || outcome.about === 'message') return 'none';
  if (outcome.kind === 'permanent') return 'refused';
  return outcome.burnsAttempt ? 'failed' : 'none';
}

/**
 * Leaves targets alone that fail, as `destinationPolicy` says. How they stand is in the table that all processes share,
 * and comes with each claim: a target without a fault costs no statement.
 */
@Injectable()
export class DestinationCircuit {
  private readonly logger = new Logger(DestinationCircuit.name);
  /** Those that took the one try of their target. */
  private readonly probing = new WeakSet<ClaimedNotification>();

  constructor(
    private readonly repository: DestinationRepository,
    private readonly notice: OwnerNotice,
  ) {}

  /** Those that may go out. The others wait in the table from now on, without a counted try. */
  async admit(claimed: readonly ClaimedNotification[]): Promise<ClaimedNotification[]> {
    const troubled = new Map<string, ClaimedNotification[]>();
    for (const notification of claimed) {
      if (!isHeldUp(notification)) continue;
      const rows = troubled.get(notification.destination);
      if (rows) rows.push(notification);
      else troubled.set(notification.destination, [notification]);
    }
    if (troubled.size === 0) return [...claimed];
    const staying = new Set<ClaimedNotification>();
    for (const rows of troubled.values()) for (const row of await this.keep(rows)) staying.add(row);
    return claimed.filter((notification) => !staying.has(notification));
  }

  /** Answers whether nothing more goes to the target for now. */
  async note(notification: ClaimedNotification, outcome: SendOutcome): Promise<boolean> {
    const { id, type, guildId, nonce, target, destination, circuit } = notification;
    const verdict = verdictOf(outcome);
    try {
      if (verdict === 'arrived') {
        if (circuit !== null) await this.repository.recovered(destination);
        return false;
      }
      if (verdict === 'none') {
        if (this.probing.has(notification)) await this.repository.returnProbe(destination);
        return false;
      }
      const reason = 'reason' in outcome ? outcome.reason : '';
      const refusedId = verdict === 'refused' ? id : undefined;
      const { failures, paused, off, switchedOff } = await this.repository.record(destination, { refusedId, reason });
      if (switchedOff) {
        this.logger.warn(`${destination} is switched off after ${failures} failures in a row: ${reason}`);
        await this.repository.hold(destination, []);
        this.notice.switchedOff({ id, type, guildId, nonce, target }, reason);
      }
      return paused || off;
    } catch (error) {
      this.logger.warn(`What became of ${destination} was not noted: ${String(error)}`);
      return false;
    }
  }

  /** Those of one target that must wait. */
  private async keep(rows: readonly ClaimedNotification[]): Promise<readonly ClaimedNotification[]> {
    const { destination, circuit } = rows[0]!;
    try {
      if (circuit!.off) {
        await this.repository.hold(destination, rows);
        return rows;
      }
      const probes = (circuit!.wait ?? 0) <= 0 && (await this.repository.takeProbe(destination));
      if (probes) this.probing.add(rows[0]!);
      const staying = probes ? rows.slice(1) : rows;
      if (staying.length > 0) await this.repository.postpone(destination, staying);
      return staying;
    } catch (error) {
      this.logger.warn(`Nobody knows whether ${destination} may be tried, so it is: ${String(error)}`);
      return [];
    }
  }
}

/** What ends without being sent is no business of its target's. */
function isHeldUp({ circuit, begun, confirmed, expired }: ClaimedNotification): boolean {
  if (circuit === null || begun || confirmed !== null || expired) return false;
  return circuit.off || circuit.wait !== null;
}
