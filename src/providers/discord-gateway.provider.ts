import { Injectable } from '@nestjs/common';
import { DiscordGuilds } from '../discord/discord-guilds.js';
import { type SourceGuild } from '../domain/source-snapshot.js';
import { DataProvider, type RawSnapshot } from './data-provider.js';

/** What the bot sees through the Discord gateway: complete and live, at the price of a bot in the guild. */
@Injectable()
export class DiscordGatewayProvider extends DataProvider {
  readonly name = 'discord-gateway';
  override readonly live = true;

  constructor(private readonly guilds: DiscordGuilds) {
    super();
  }

  listGuilds(): Promise<SourceGuild[]> {
    return Promise.resolve(this.guilds.list());
  }

  loadGuild(guildId: string): Promise<RawSnapshot | undefined> {
    return Promise.resolve(this.guilds.snapshot(guildId));
  }
}
