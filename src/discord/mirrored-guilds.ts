import { Injectable } from '@nestjs/common';
import { type SourceGuild, type SourceSnapshot } from '../domain/source-snapshot.js';
import { ChannelMirror } from './channel-mirror.js';
import { DiscordGuilds } from './discord-guilds.js';
import { DiscordStatus } from './discord-status.js';
import { GuildMirror } from './guild-mirror.js';

/** Guilds as they were published: admitted ones alone are in the mirror. */
@Injectable()
export class MirroredGuilds extends DiscordGuilds {
  constructor(
    private readonly mirror: GuildMirror,
    private readonly channels: ChannelMirror,
    private readonly status: DiscordStatus,
  ) {
    super();
  }

  list(): SourceGuild[] {
    return this.mirror.all().map(({ guild }) => guild);
  }

  snapshot(guildId: string): SourceSnapshot | undefined {
    const known = this.mirror.get(guildId);
    if (known === undefined) return undefined;
    const partial = this.status.current().missingIntents.map((intent) => `intent:${intent}`);
    if (!known.complete) partial.push('members');
    return { guild: known.guild, members: [...known.members.values()], channels: this.channels.of(guildId), partial };
  }
}
