import { type DiscordGuilds } from './discord-guilds.js';
import { type DiscordMembers } from './discord-members.js';
import { type DiscordSender } from './discord-sender.js';
import { type MessageLookup } from './message-lookup.js';
import { type SendOutcome } from '../domain/notification.js';
import { type DiscordStatus } from './discord-status.js';

/** What stands in the place of Discord when no token is set. */

export const guildsOff: DiscordGuilds = {
  list: () => [],
  snapshot: () => undefined,
};

function noBot(): Promise<SendOutcome> {
  const reason = 'No Discord bot is configured: set DISCORD_TOKEN to let notifications out.';
  return Promise.resolve({ kind: 'retry', burnsAttempt: false, reason });
}

export const senderOff: DiscordSender = {
  sendToUser: noBot,
  sendToChannel: noBot,
  editInChannel: noBot,
  editForUser: noBot,
};

export const lookupOff: MessageLookup = {
  find: () => Promise.resolve({ kind: 'later', reason: 'No Discord bot is configured.' }),
};

export const statusOff: DiscordStatus = {
  current: () => ({ state: 'off', missingIntents: [] }),
  hiddenGuilds: () => [],
  settled: () => Promise.resolve(),
};

export const membersOff: DiscordMembers = {
  has: () => Promise.reject(new Error('No Discord bot is configured')),
};
