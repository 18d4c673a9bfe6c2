/** Bits of the `intents` of an IDENTIFY. */
export const intents = {
  guilds: 1 << 0,
  guildMembers: 1 << 1,
  guildVoiceStates: 1 << 7,
  guildPresences: 1 << 8,
  guildMessages: 1 << 9,
  guildMessageTyping: 1 << 11,
  directMessages: 1 << 12,
  messageContent: 1 << 15,
} as const;

/** All bits that Discord ever gave out. */
export const knownIntents = 0x331_ffff;

/** The privileged intents that the application's settings page allows. */
export interface PrivilegedIntents {
  presences: boolean;
  members: boolean;
  messageContent: boolean;
}

/** What the application's flags say of that, as for an application in few guilds. */
export function flagsOf({ presences, members, messageContent }: PrivilegedIntents): number {
  return (presences ? 1 << 13 : 0) | (members ? 1 << 15 : 0) | (messageContent ? 1 << 19 : 0);
}

export function disallowed(asked: number, allowed: PrivilegedIntents): boolean {
  return (
    (!allowed.presences && (asked & intents.guildPresences) !== 0) ||
    (!allowed.members && (asked & intents.guildMembers) !== 0) ||
    (!allowed.messageContent && (asked & intents.messageContent) !== 0)
  );
}
