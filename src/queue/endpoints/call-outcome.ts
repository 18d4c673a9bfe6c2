import { STATUS_CODES } from 'node:http';
import { type SendOutcome } from '../../domain/notification.js';
import { type CallResult } from './webhook-caller.js';

/**
 * sent · gone: the endpoint wants nothing more · pause: not counted, after the time that was asked for · failed: counted,
 * and tried again on the schedule.
 */
type Verdict = 'sent' | 'gone' | 'pause' | 'failed';

interface Row {
  from: number;
  to?: number;
  /** Only with a `Retry-After`, and as long as a receiver may go on asking for pauses. */
  paused?: true;
  becomes: Verdict;
  /** What the operator may do. */
  advice?: string;
}

/**
 * What an answer means, as the Standard Webhooks specification has it: all but 2xx is a failure and tried again, since a
 * receiver may be repaired, and an operator may give the endpoint another address meanwhile. The first row that fits counts.
 */
export const answers: readonly Row[] = [
  { from: 200, to: 299, becomes: 'sent' },
  { from: 300, to: 399, becomes: 'failed', advice: 'redirects are not followed, so it needs its new address' },
  { from: 410, becomes: 'gone' },
  { from: 429, paused: true, becomes: 'pause' },
  { from: 503, paused: true, becomes: 'pause' },
  { from: 0, to: 999, becomes: 'failed' },
];

/** Why an endpoint is switched off. */
export const goneReason = 'it answered 410 Gone';

/** `patient`: whether the receiver may still ask for a pause that does not count as a try. */
export function outcomeOf(result: CallResult, webhookId: string, patient: boolean): SendOutcome & { gone?: true } {
  if ('failure' in result)
    return { kind: 'retry', burnsAttempt: true, reason: `The endpoint was not reached: ${result.failure}.` };
  const { status, retryAfterMs } = result;
  const row = answers.find(
    ({ from, to = from, paused }) =>
      from <= status && status <= to && (!paused || (patient && retryAfterMs !== undefined)),
  );
  const advice = row?.advice === undefined ? '' : `: ${row.advice}`;
  const reason = `The endpoint answered ${`${status} ${STATUS_CODES[status] ?? ''}`.trim()}${advice}.`;
  switch (row?.becomes) {
    case 'sent':
      return { kind: 'sent', messageId: webhookId };
    case 'gone':
      return { kind: 'permanent', reason, gone: true };
    default:
      return {
        kind: 'retry',
        burnsAttempt: row?.becomes !== 'pause',
        reason,
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      };
  }
}
