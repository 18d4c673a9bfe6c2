import { setTimeout as wait } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Client, GatewayDispatchEvents } from 'discord.js';
import { z } from 'zod';
import { faultText } from './fault-text.js';
import { GatewayMembers } from './gateway-members.js';
import { GuildMirror } from './guild-mirror.js';

/** Milliseconds in which strangers gather before they are asked for together: Discord takes 120 commands a minute. */
const gathering = 1_000;
/** Discord's bound on one question. */
const mostAtOnce = 100;
/** Strangers of one guild that wait. Who is too many comes again with the next presence. */
const mostWaiting = 1_000;

const presencePacket = z.object({
  guild_id: z.string(),
  user: z.object({ id: z.string() }),
  status: z.string(),
});

/**
 * Someone whom the session was never told of comes online: of the user Discord promises the id alone, and discord.js
 * drops such a presence. So they are asked for.
 */
@Injectable()
export class StrangerLoader implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(StrangerLoader.name);
  private readonly waiting = new Map<string, Set<string>>();
  private readonly ended = new AbortController();
  private running = false;

  constructor(
    private readonly client: Client,
    private readonly mirror: GuildMirror,
    private readonly members: GatewayMembers,
  ) {}

  onModuleInit(): void {
    this.client.ws.on(GatewayDispatchEvents.PresenceUpdate, (packet: unknown) => this.look(packet));
  }

  onApplicationShutdown(): void {
    this.ended.abort();
  }

  private look(packet: unknown): void {
    const told = presencePacket.safeParse(packet);
    if (!told.success || told.data.status === 'offline') return;
    const { guild_id: guildId, user } = told.data;
    if (this.mirror.get(guildId)?.members.has(user.id) !== false) return;
    const strangers = this.waiting.get(guildId) ?? new Set();
    if (strangers.size < mostWaiting) strangers.add(user.id);
    this.waiting.set(guildId, strangers);
    if (!this.running) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    const { signal } = this.ended;
    while (this.waiting.size > 0 && !signal.aborted) {
      await wait(gathering, undefined, { signal, ref: false }).catch(() => undefined);
      for (const [guildId, strangers] of this.waiting) {
        const some = [...strangers].slice(0, mostAtOnce);
        for (const id of some) strangers.delete(id);
        if (strangers.size === 0) this.waiting.delete(guildId);
        if (!signal.aborted) await this.ask(guildId, some);
      }
    }
    this.running = false;
  }

  private async ask(guildId: string, userIds: readonly string[]): Promise<void> {
    const guild = this.client.guilds.cache.get(guildId);
    if (!guild?.available) return;
    try {
      await this.members.ask(guild, userIds);
      for (const id of userIds) {
        const member = guild.members.cache.get(id);
        if (member !== undefined) this.mirror.observeMember(member);
      }
    } catch (error) {
      this.logger.debug(`Members of guild ${guildId} could not be asked for: ${faultText(error)}`);
    }
  }
}
