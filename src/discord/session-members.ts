import { type DiscordMembers } from './discord-members.js';
import { type DiscordStatus } from './discord-status.js';
import { type GuildMirror } from './guild-mirror.js';
import { membersIntent } from './privileged-intents.js';

/** Takes the session's word for who is there while Discord tells it who leaves, and asks over REST otherwise. */
export class SessionMembers implements DiscordMembers {
  constructor(
    private readonly mirror: GuildMirror,
    private readonly status: DiscordStatus,
    private readonly others: DiscordMembers,
  ) {}

  async has(guildId: string, userId: string): Promise<boolean> {
    const { state, missingIntents } = this.status.current();
    const live = state === 'ready' && !missingIntents.includes(membersIntent.name);
    const guild = live ? this.mirror.get(guildId) : undefined;
    if (guild?.available && guild.members.has(userId)) return true;
    return this.others.has(guildId, userId);
  }
}
