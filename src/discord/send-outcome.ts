import { DiscordAPIError, HTTPError, RateLimitError, RESTJSONErrorCodes } from 'discord.js';
import { type SendOutcome } from '../domain/notification.js';
import { faultText } from './fault-text.js';

const openingTooFast = 40_003;
const invalidRecipient = 50_033;
const noMutualGuilds = 50_278;

/** Noes that stay noes, in words. */
const finalReasons: Readonly<Record<number, string>> = {
  [RESTJSONErrorCodes.UnknownUser]: 'Discord knows no such user.',
  [invalidRecipient]: 'Discord knows no such user.',
  [RESTJSONErrorCodes.UnknownChannel]: 'Discord knows no such channel.',
  [RESTJSONErrorCodes.CannotSendMessagesToThisUser]: 'The user does not accept direct messages from this bot.',
  [RESTJSONErrorCodes.MissingAccess]: 'The bot has no access there.',
  [RESTJSONErrorCodes.MissingPermissions]: 'The bot may not write there.',
  [noMutualGuilds]: 'The bot shares no guild with the user.',
};

/** What an error of a send means for the notification. A 401 is no business of a single notification's: see the sender. */
export function outcomeOf(error: unknown): SendOutcome {
  if (error instanceof RateLimitError) {
    const pause = Math.ceil(error.retryAfter);
    return { ...later('Discord asks for a pause.'), ...(pause > 0 && { retryAfterMs: pause }) };
  }
  if (error instanceof HTTPError) return later(`Discord is out of order (HTTP ${error.status}).`);
  if (!(error instanceof DiscordAPIError)) return later(`Discord cannot be reached (${faultText(error)}).`);
  // Without a code of Discord's own something before it has answered.
  if (typeof error.code !== 'number') return later(`Discord's edge refused the request (HTTP ${error.status}).`);
  if (error.code === openingTooFast) return { ...later('Discord asks for a pause.'), retryAfterMs: 60_000 };
  const known = finalReasons[error.code];
  if (known !== undefined) return { kind: 'permanent', reason: known };
  const said = faultText(error).replace(/\s+/g, ' ').slice(0, 300);
  if (error.code === 0 && (error.status === 404 || error.status === 408)) {
    return { kind: 'retry', burnsAttempt: true, reason: `Discord did not take the message: ${said}` };
  }
  return { kind: 'permanent', reason: `Discord refused the message: ${said} (code ${error.code})` };
}

function later(reason: string): Extract<SendOutcome, { kind: 'retry' }> {
  return { kind: 'retry', burnsAttempt: false, reason };
}
