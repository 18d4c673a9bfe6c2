import { setTimeout as wait } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Client, GatewayIntentBits, type Guild } from 'discord.js';
import { GuildMirror } from './guild-mirror.js';

/** Discord answers a whole guild's member list once in 30 s. */
const pause = 31_000;
const tries = 3;

/** Asks for the members that Discord does not tell of by itself: the offline ones of large guilds. One guild at a time. */
@Injectable()
export class MemberLoader implements OnApplicationShutdown {
  private readonly logger = new Logger(MemberLoader.name);
  private readonly waiting = new Set<string>();
  private readonly lastAsked = new Map<string, number>();
  private readonly ended = new AbortController();
  private running = false;

  constructor(
    private readonly client: Client,
    private readonly mirror: GuildMirror,
  ) {}

  /** Loads in the background; a guild that waits already is not loaded twice. */
  load(guildId: string): void {
    if (!this.client.options.intents.has(GatewayIntentBits.GuildMembers)) return;
    this.waiting.add(guildId);
    if (!this.running) void this.run();
  }

  onApplicationShutdown(): void {
    this.ended.abort();
  }

  private async run(): Promise<void> {
    this.running = true;
    for (const guildId of this.waiting) {
      this.waiting.delete(guildId);
      for (let attempt = 0; attempt < tries && !this.ended.signal.aborted; attempt += 1) {
        if (await this.loadOnce(guildId)) break;
      }
    }
    this.running = false;
  }

  /** False when another try makes sense. */
  private async loadOnce(guildId: string): Promise<boolean> {
    try {
      await wait(Math.max(0, (this.lastAsked.get(guildId) ?? 0) + pause - Date.now()), undefined, {
        signal: this.ended.signal,
        ref: false,
      });
      const guild = this.loadable(guildId);
      if (guild === undefined) return true;
      this.lastAsked.set(guildId, Date.now());
      await guild.members.fetch({ withPresences: this.client.options.intents.has(GatewayIntentBits.GuildPresences) });
      // The answer may have been overtaken by the loss of the guild, or of the session that was asked.
      if (this.loadable(guildId) === guild) this.mirror.observeWhole(guild, true);
      return true;
    } catch (error) {
      if (this.ended.signal.aborted) return true;
      this.logger.warn(`The members of guild ${guildId} could not be loaded: ${String(error)}`);
      return false;
    }
  }

  private loadable(guildId: string): Guild | undefined {
    const guild = this.client.guilds.cache.get(guildId);
    return guild?.available ? guild : undefined;
  }
}
