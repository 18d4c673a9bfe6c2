import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Client, Events, GatewayDispatchEvents, type Guild } from 'discord.js';
import { z } from 'zod';
import { GuildMirror } from './guild-mirror.js';
import { MemberLoader } from './member-loader.js';

const readyPacket = z.object({ guilds: z.array(z.object({ id: z.string() })) });
const guildPacket = z.object({ id: z.string(), unavailable: z.boolean().optional() });

/**
 * A session that could not be resumed begins with READY and one GUILD_CREATE for each guild; what happened in between
 * is told by their difference to what was published, and by nothing else. discord.js keeps two things too long there:
 * presences of people who went offline, and guilds that the bot was removed from. Both are put right on the raw
 * packets, just before discord.js applies them.
 *
 * Listens to the client directly: necord calls its listeners a little later than the client's own `ready` is told.
 */
@Injectable()
export class SessionReconciler implements OnModuleInit {
  constructor(
    private readonly client: Client,
    private readonly mirror: GuildMirror,
    private readonly loader: MemberLoader,
  ) {}

  onModuleInit(): void {
    this.client.ws.on(GatewayDispatchEvents.Ready, (packet: unknown, shardId) => this.forgetAbsent(packet, shardId));
    this.client.ws.on(GatewayDispatchEvents.GuildCreate, (packet: unknown) => {
      const told = guildPacket.safeParse(packet);
      if (!told.success || told.data.unavailable) return;
      this.client.guilds.cache.get(told.data.id)?.presences.cache.clear();
    });
    this.client.on(Events.GuildAvailable, (guild) => this.observe(guild));
    // Until all guilds of a session have come, discord.js is silent about joins and leaves in those that have.
    this.client.on(Events.ShardReady, (shardId) => {
      for (const guild of this.client.guilds.cache.values()) {
        if (guild.shardId === shardId && guild.available) this.observe(guild);
      }
    });
  }

  /** Discord has told of the guild as a whole. */
  observe(guild: Guild): void {
    if (!this.mirror.observeWhole(guild)) this.loader.load(guild.id);
  }

  private forgetAbsent(packet: unknown, shardId: number): void {
    const told = readyPacket.safeParse(packet);
    if (!told.success) return;
    const present = new Set(told.data.guilds.map(({ id }) => id));
    for (const guild of this.client.guilds.cache.values()) {
      if (guild.shardId !== shardId || present.has(guild.id)) continue;
      this.client.guilds.cache.delete(guild.id);
      this.mirror.remove(guild.id);
    }
  }
}
