import { Injectable } from '@nestjs/common';
import { type GuildPlace, type GuildStanding, ShownGuilds } from '../discord/commands/shown-guilds.js';
import { GuildDirectory } from './guild-directory.js';
import { GuildRooms } from './guild-rooms.js';

/** What the bot's commands tell of guilds: what visitors find. */
@Injectable()
export class RoomGuilds extends ShownGuilds {
  constructor(
    private readonly directory: GuildDirectory,
    private readonly rooms: GuildRooms,
  ) {
    super();
  }

  async place(guildId: string): Promise<GuildPlace | undefined> {
    const entry = await this.directory.find(guildId);
    return entry && { alias: entry.alias, door: entry.door };
  }

  async standing(guildId: string): Promise<GuildStanding | undefined> {
    const entry = await this.directory.find(guildId);
    if (entry === undefined) return undefined;
    const room = await this.rooms.open(entry.id);
    const { alias, door } = entry;
    const { source, stale, partial } = room.snapshot(entry);
    return { alias, door, source, memberCount: room.memberCount, onlineCount: room.onlineCount, stale, partial };
  }
}
