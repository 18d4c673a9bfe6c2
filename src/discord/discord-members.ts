/** Whether somebody is a member of a guild, as the bot sees it. */
export abstract class DiscordMembers {
  /** False too for a guild that the operator does not show (`GUILDS`). @throws when Discord cannot tell now */
  abstract has(guildId: string, userId: string): Promise<boolean>;
}
