import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Client, GatewayIntentBits, type Guild } from 'discord.js';
import { backoff } from './backoff.js';
import { faultText } from './fault-text.js';
import { GatewayMembers, MembersCutOff, MembersRefused } from './gateway-members.js';
import { GuildMirror } from './guild-mirror.js';

/** Discord answers a whole guild's member list once in 30 s. */
const pause = 31_000;
/** Milliseconds between the tries of a guild that is never answered, at most. */
const longestPause = 600_000;

interface Turn {
  /** When the guild may be asked for, in milliseconds since 1970. */
  freeAt: number;
  failures: number;
}

/**
 * Asks for the members that Discord does not tell of by itself: the offline ones of large guilds. One guild at a time,
 * for as long as it takes: meanwhile the guild's snapshot is marked as partial.
 */
@Injectable()
export class MemberLoader implements OnApplicationShutdown {
  private readonly logger = new Logger(MemberLoader.name);
  private readonly waiting = new Set<string>();
  private readonly turns = new Map<string, Turn>();
  private readonly ended = new AbortController();
  private running = false;

  constructor(
    private readonly client: Client,
    private readonly mirror: GuildMirror,
    private readonly members: GatewayMembers,
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
    const { signal } = this.ended;
    while (this.waiting.size > 0 && !signal.aborted) {
      const guildId = this.nextGuild();
      const delay = this.turn(guildId).freeAt - Date.now();
      // Shorter steps than the delay: a guild that need not wait may come meanwhile.
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(delay, 1_000)).unref());
      else await this.loadOnce(guildId);
    }
    this.running = false;
  }

  private async loadOnce(guildId: string): Promise<void> {
    this.waiting.delete(guildId);
    const guild = this.loadable(guildId);
    if (guild === undefined) return;
    const turn = this.turn(guildId);
    this.turns.set(guildId, { ...turn, freeAt: Date.now() + pause });
    try {
      await this.members.ask(guild);
      this.turns.set(guildId, { freeAt: Date.now() + pause, failures: 0 });
      // The answer may have been overtaken by the loss of the guild, or of the session that was asked.
      if (this.loadable(guildId) === guild) this.mirror.observeWhole(guild, true);
    } catch (error) {
      if (this.ended.signal.aborted) return;
      this.waiting.add(guildId);
      // No failure: the guild is asked again as soon as Discord's pause allows it.
      if (error instanceof MembersCutOff) return;
      this.logger.warn(`The members of guild ${guildId} could not be loaded: ${faultText(error)}`);
      const { failures } = turn;
      const delay =
        error instanceof MembersRefused
          ? error.retryAfter + 500
          : backoff(failures, { base: 2 * pause, most: longestPause });
      this.turns.set(guildId, { freeAt: Date.now() + delay, failures: failures + 1 });
    }
  }

  private turn(guildId: string): Turn {
    return this.turns.get(guildId) ?? { freeAt: 0, failures: 0 };
  }

  private nextGuild(): string {
    return [...this.waiting].reduce((next, one) => (this.turn(one).freeAt < this.turn(next).freeAt ? one : next));
  }

  private loadable(guildId: string): Guild | undefined {
    const guild = this.client.guilds.cache.get(guildId);
    return guild?.available ? guild : undefined;
  }
}
