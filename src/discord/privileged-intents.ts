import { ApplicationFlags, GatewayIntentBits } from 'discord.js';

/** An intent that the operator has to switch on in the developer portal. */
export interface PrivilegedIntent {
  /** As in `missingIntents`, and after `intent:` in a snapshot's `partial`. */
  name: string;
  /** As the developer portal calls it. */
  label: string;
  bit: GatewayIntentBits;
  /** The flags of the application that tell that it is switched on; the second for bots in few guilds. */
  flags: readonly ApplicationFlags[];
}

/** The one that lists of members want over REST too. */
export const membersIntent: PrivilegedIntent = {
  name: 'members',
  label: 'Server Members Intent',
  bit: GatewayIntentBits.GuildMembers,
  flags: [ApplicationFlags.GatewayGuildMembers, ApplicationFlags.GatewayGuildMembersLimited],
};

export const privilegedIntents: readonly PrivilegedIntent[] = [
  membersIntent,
  {
    name: 'presences',
    label: 'Presence Intent',
    bit: GatewayIntentBits.GuildPresences,
    flags: [ApplicationFlags.GatewayPresence, ApplicationFlags.GatewayPresenceLimited],
  },
  {
    name: 'message-content',
    label: 'Message Content Intent',
    bit: GatewayIntentBits.MessageContent,
    flags: [ApplicationFlags.GatewayMessageContent, ApplicationFlags.GatewayMessageContentLimited],
  },
];

/** Those that an application with these flags may not ask for. */
export function intentsOff(applicationFlags: number): PrivilegedIntent[] {
  return privilegedIntents.filter(({ flags }) => !flags.some((flag) => (applicationFlags & flag) !== 0));
}

/**
 * Those that an application with these flags may not ask for; all of them when the flags are not known, or tell of none
 * but those that are done without `already`.
 */
export function intentsRefused(
  applicationFlags: number | undefined,
  already: readonly PrivilegedIntent[] = [],
): PrivilegedIntent[] {
  const refused = applicationFlags === undefined ? [...privilegedIntents] : intentsOff(applicationFlags);
  // Discord has refused something: flags that allow everything do not tell what.
  return refused.some((intent) => !already.includes(intent)) ? refused : [...privilegedIntents];
}

export function missingIntentsSentence(missing: readonly PrivilegedIntent[]): string {
  const labels = missing.map(({ label }) => label).join(', ');
  return (
    `Running without what Discord does not allow this bot: switch on ${labels} in the developer portal under ` +
    'Bot → Privileged Gateway Intents, then start again.'
  );
}
