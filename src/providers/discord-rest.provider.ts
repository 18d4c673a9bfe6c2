import { Injectable } from '@nestjs/common';
import { DiscordBusyError } from '../discord/discord-busy.error.js';
import { RestGuilds } from '../discord/rest-guilds.js';
import { type SourceGuild } from '../domain/source-snapshot.js';
import { DataProvider, type RawSnapshot } from './data-provider.js';
import { SourceBusyError } from './source-busy.error.js';

/** What the bot can ask over REST: who is in a guild, without a session on Discord's gateway, and without presences. */
@Injectable()
export class DiscordRestProvider extends DataProvider {
  readonly name = 'discord-rest';

  constructor(private readonly guilds: RestGuilds) {
    super();
  }

  listGuilds(signal?: AbortSignal): Promise<SourceGuild[]> {
    return obeying(this.guilds.list(signal));
  }

  loadGuild(guildId: string, signal?: AbortSignal): Promise<RawSnapshot | undefined> {
    return obeying(this.guilds.read(guildId, signal));
  }
}

async function obeying<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof DiscordBusyError ? new SourceBusyError(error.message, error.retryAfterMs) : error;
  }
}
