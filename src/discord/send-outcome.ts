import { DiscordAPIError, HTTPError, RateLimitError, RESTJSONErrorCodes } from 'discord.js';
import { type SendOutcome } from '../domain/notification.js';
import { refusalSentences } from './connection-refusal.js';
import { faultText } from './fault-text.js';
import { UnansweredError, UnreadableAnswerError } from './unanswered.error.js';

/** What was tried. Unless `repeatable`, a second try may make a second message, so that a lost answer stays unknown. */
export interface SendAttempt {
  to: 'user' | 'channel' | 'webhook';
  repeatable: boolean;
  /** A message that is there is replaced. */
  edits?: true;
}

/**
 * permanent: no other try can help · failed: counted, and tried again on the schedule · pause: not counted, after that
 * many milliseconds · outage: not counted, and a sign that nothing gets through.
 */
type Verdict = 'permanent' | 'failed' | 'outage' | { pause: number };

interface Row {
  /** HTTP status; any when left out. */
  status?: number;
  /** Discord's own code; 0 where it gives a status alone, `none` for an answer of something before Discord. */
  code?: number | 'none';
  /** Any when left out. */
  to?: SendAttempt['to'];
  becomes: Verdict;
  /** Of a permanent one: another message may get there. */
  about?: 'message';
  /** In words. Left out: what Discord said is quoted. */
  reason?: string;
  /** Of an edit: only this message cannot be edited any more, and a new one may take its place. */
  gone?: true;
}

const minute = 60_000;
const pausing = 'Discord asks for a pause.';
const webhookGone = 'The webhook does not exist any more, or its token is another.';

/**
 * What an answer of Discord's with a 4xx means; the first row that fits counts. A 429 never comes here: discord.js
 * waits it out or throws a RateLimitError.
 */
export const answers: readonly Row[] = [
  // A webhook has a token of its own: the bot's is not refused by it.
  { status: 401, to: 'webhook', becomes: 'permanent', reason: webhookGone },
  // No business of a single notification's: see the bot's sender.
  { status: 401, becomes: 'outage', reason: refusalSentences.token },
  { code: 'none', becomes: 'outage', reason: "Discord's edge refused the request." },

  {
    code: RESTJSONErrorCodes.UnknownChannel,
    to: 'user',
    becomes: 'failed',
    reason: 'The channel of the direct messages is gone.',
    gone: true,
  },
  { code: RESTJSONErrorCodes.UnknownChannel, becomes: 'permanent', reason: 'Discord knows no such channel.' },
  {
    code: RESTJSONErrorCodes.UnknownMessage,
    becomes: 'permanent',
    about: 'message',
    reason: 'Discord knows no such message.',
    gone: true,
  },
  { code: RESTJSONErrorCodes.UnknownUser, becomes: 'permanent', reason: 'Discord knows no such user.' },
  { code: RESTJSONErrorCodes.InvalidRecipients, becomes: 'permanent', reason: 'Discord knows no such user.' },
  { code: RESTJSONErrorCodes.UnknownWebhook, becomes: 'permanent', reason: webhookGone },
  { code: RESTJSONErrorCodes.InvalidWebhookToken, becomes: 'permanent', reason: webhookGone },

  { code: RESTJSONErrorCodes.MissingAccess, becomes: 'permanent', reason: 'The bot has no access there.' },
  { code: RESTJSONErrorCodes.MissingPermissions, becomes: 'permanent', reason: 'The bot may not write there.' },
  {
    code: RESTJSONErrorCodes.CannotSendMessagesToThisUser,
    becomes: 'permanent',
    reason: 'The user does not accept direct messages from this bot.',
  },
  { code: 50_278, becomes: 'permanent', reason: 'The bot shares no guild with the user.' },
  {
    code: RESTJSONErrorCodes.CannotEditMessageAuthoredByAnotherUser,
    becomes: 'permanent',
    about: 'message',
    reason: 'The message is of another author.',
    gone: true,
  },
  {
    code: RESTJSONErrorCodes.CannotSendMessagesInNonTextChannel,
    becomes: 'permanent',
    reason: 'The channel takes no messages.',
  },
  {
    code: RESTJSONErrorCodes.CannotSendAMessageInAForumChannel,
    becomes: 'permanent',
    reason: 'The channel is a forum: a thread of it takes messages.',
  },
  {
    code: RESTJSONErrorCodes.WebhooksPostedToForumChannelsMustHaveAThreadNameOrThreadId,
    becomes: 'permanent',
    reason: 'The channel is a forum: name a thread by ?thread_id= in the address of the webhook.',
  },
  {
    code: RESTJSONErrorCodes.CannotExecuteActionOnThisChannelType,
    becomes: 'permanent',
    reason: 'The channel takes no messages.',
  },
  // A new message opens the thread again, unless it is locked.
  {
    code: RESTJSONErrorCodes.InvalidActionOnArchivedThread,
    becomes: 'permanent',
    reason: 'The thread is archived.',
    gone: true,
  },
  { code: RESTJSONErrorCodes.ThreadLocked, becomes: 'permanent', reason: 'The thread is locked.' },

  {
    code: RESTJSONErrorCodes.ActionCannotBePerformedDueToSlowmodeRateLimit,
    becomes: { pause: minute },
    reason: pausing,
  },
  {
    code: RESTJSONErrorCodes.MaximumNumberOfEditsToMessagesOlderThanOneHourReached,
    becomes: { pause: 10 * minute },
    reason: pausing,
  },
  { code: RESTJSONErrorCodes.OpeningDirectMessagesTooFast, becomes: { pause: minute }, reason: pausing },
  { code: RESTJSONErrorCodes.ServiceResourceIsBeingRateLimited, becomes: { pause: minute }, reason: pausing },
  {
    code: RESTJSONErrorCodes.SendMessagesHasBeenTemporarilyDisabled,
    becomes: 'outage',
    reason: 'Discord has switched sending off for the moment.',
  },
  { code: RESTJSONErrorCodes.APIResourceOverloaded, becomes: 'outage', reason: 'Discord is overloaded.' },

  // A status alone says nothing about the message: a peer in between, or an address that is wrong.
  { status: 404, code: 0, becomes: 'failed' },
  { status: 408, code: 0, becomes: 'failed' },
  { becomes: 'permanent', about: 'message' },
];

/** 5xx that say that the request got nowhere. After any other the message may be there all the same. */
export const nowhere: ReadonlySet<number> = new Set([502, 503, 521, 523, 530]);

/** What an error of a send means for the notification. */
export function outcomeOf(error: unknown, attempt: SendAttempt = { to: 'user', repeatable: true }): SendOutcome {
  if (error instanceof RateLimitError) {
    const pause = Math.ceil(error.retryAfter);
    return { ...later(pausing), ...(pause > 0 && { retryAfterMs: pause }) };
  }
  if (error instanceof DiscordAPIError) return judged(error, attempt);
  if (error instanceof HTTPError) {
    const said = `Discord is out of order (HTTP ${error.status}).`;
    return attempt.repeatable || nowhere.has(error.status) ? later(said) : unknown(said);
  }
  const lost = error instanceof UnansweredError && !error.neverSent;
  if (!attempt.repeatable && lost) return unknown(`Discord's answer was lost (${faultText(error)}).`);
  if (!attempt.repeatable && error instanceof UnreadableAnswerError) return unknown(`${faultText(error)}.`);
  return later(`Discord cannot be reached (${faultText(error)}).`);
}

/** For all sends alike, while the refusals of the last ten minutes are too many. */
export function heldBack(pause: number): SendOutcome {
  const reason = 'Discord refused too many requests; sending pauses, so that it does not bar this address.';
  return { ...later(reason), retryAfterMs: pause };
}

function judged(error: DiscordAPIError, { to, edits }: SendAttempt): SendOutcome {
  const code = typeof error.code === 'number' ? error.code : 'none';
  const row = answers.find(
    (candidate) =>
      (candidate.status === undefined || candidate.status === error.status) &&
      (candidate.code === undefined || candidate.code === code) &&
      (candidate.to === undefined || candidate.to === to),
  );
  const reason = row?.reason ?? quoted(error);
  const verdict = row?.becomes ?? 'permanent';
  const more = { ...(row?.about && { about: row.about }), ...(edits && row?.gone && { gone: true as const }) };
  if (verdict === 'permanent') return { kind: 'permanent', reason, ...more };
  if (verdict === 'failed') return { kind: 'retry', burnsAttempt: true, reason, ...more };
  return verdict === 'outage' ? later(reason) : { ...later(reason), retryAfterMs: verdict.pause };
}

function quoted(error: DiscordAPIError): string {
  const said = faultText(error).replace(/\s+/g, ' ').slice(0, 300);
  return `Discord refused the message: ${said} (HTTP ${error.status}, code ${error.code})`;
}

function later(reason: string): Extract<SendOutcome, { kind: 'retry' }> {
  return { kind: 'retry', burnsAttempt: false, reason };
}

function unknown(what: string): SendOutcome {
  return {
    kind: 'unknown',
    reason: `${what} Whether the message arrived cannot be known, and a second try could make a second message.`,
  };
}
