import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Client, GatewayDispatchEvents } from 'discord.js';
import { z } from 'zod';
import { GuildMirror } from './guild-mirror.js';

const readyPacket = z.object({ guilds: z.array(z.object({ id: z.string() })) });
const guildPacket = z.object({ id: z.string(), unavailable: z.boolean().optional() });

/**
 * A session that could not be resumed begins with READY and one GUILD_CREATE for each guild; what happened in between
 * is told by their difference to what was published, and by nothing else. discord.js keeps two things too long there:
 * presences of people who went offline, and guilds that the bot was removed from. Both are put right on the raw
 * packets, just before discord.js applies them; the mirror then finds the difference.
 */
@Injectable()
export class SessionReconciler implements OnModuleInit {
  constructor(
    private readonly client: Client,
    private readonly mirror: GuildMirror,
  ) {}

  onModuleInit(): void {
    this.client.ws.on(GatewayDispatchEvents.Ready, (packet: unknown, shardId) => this.forgetAbsent(packet, shardId));
    this.client.ws.on(GatewayDispatchEvents.GuildCreate, (packet: unknown) => this.forgetPresences(packet));
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

  private forgetPresences(packet: unknown): void {
    const told = guildPacket.safeParse(packet);
    if (!told.success || told.data.unavailable) return;
    this.client.guilds.cache.get(told.data.id)?.presences.cache.clear();
  }
}
