import { z } from 'zod';
import { type SendOutcome } from '../domain/notification.js';
import { snowflake } from '../domain/snowflake.js';
import { type InvalidRequestBudget } from './invalid-request-budget.js';
import { heldBack, outcomeOf, type SendAttempt } from './send-outcome.js';
import { UnreadableAnswerError } from './unanswered.error.js';

/** Milliseconds for one send with all that belongs to it. */
const patience = 25_000;

const identified = z.object({ id: snowflake });

/**
 * What one send comes to: nothing is asked of Discord while it refuses too much, and nothing without a `body`. `request`
 * answers the message. Never throws for what it meets.
 */
export async function attemptSend<B>(
  attempt: SendAttempt,
  budget: InvalidRequestBudget,
  body: B | undefined,
  request: (body: B, signal: AbortSignal) => Promise<unknown>,
): Promise<SendOutcome> {
  const { pause } = budget;
  if (pause > 0) return heldBack(pause);
  if (body === undefined) return { kind: 'permanent', about: 'message', reason: 'The message has no text.' };
  try {
    const answer = identified.safeParse(await request(body, AbortSignal.timeout(patience)).catch(unreadable));
    if (!answer.success) throw new UnreadableAnswerError();
    return { kind: 'sent', messageId: answer.data.id };
  } catch (error) {
    return outcomeOf(error, attempt);
  }
}

/** A yes of Discord's that is not JSON is a yes that cannot be read. */
function unreadable(error: unknown): undefined {
  if (!(error instanceof SyntaxError)) throw error;
}
