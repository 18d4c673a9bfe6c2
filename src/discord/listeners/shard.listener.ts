import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Client, type ClientEvents } from 'discord.js';
import { On } from 'necord';
import { GuildMirror } from '../guild-mirror.js';
import { BoundListener } from './bound.listener.js';

/** Milliseconds that a shard may be away before its guilds are: Discord sends each away now and then, to come back at once. */
const grace = 3_000;

/**
 * The guilds of a shard that is lost are unavailable until it is back. Not where there is one shard alone: then the
 * whole connection is lost, and the status says so.
 */
@Injectable()
export class ShardListener extends BoundListener implements OnApplicationShutdown {
  private readonly away = new Map<number, NodeJS.Timeout>();
  private ended = false;

  constructor(
    private readonly client: Client,
    private readonly mirror: GuildMirror,
  ) {
    super(client);
  }

  onApplicationShutdown(): void {
    // The end of the session looks like a loss.
    this.ended = true;
    for (const timer of this.away.values()) clearTimeout(timer);
  }

  @On('shardReconnecting')
  onLost([shardId]: ClientEvents['shardReconnecting']): void {
    if (this.ended || this.client.ws.shards.size < 2 || this.away.has(shardId)) return;
    this.away.set(
      shardId,
      setTimeout(() => this.loseSight(shardId), grace),
    );
  }

  /** What is seen again, the guilds' own listener tells. */
  @On('shardReady')
  onReady([shardId]: ClientEvents['shardReady']): void {
    this.back(shardId);
  }

  @On('shardResume')
  onResumed([shardId]: ClientEvents['shardResume']): void {
    this.back(shardId);
  }

  private back(shardId: number): void {
    clearTimeout(this.away.get(shardId));
    this.away.delete(shardId);
  }

  private loseSight(shardId: number): void {
    for (const guild of this.client.guilds.cache.values()) {
      if (guild.shardId === shardId) this.mirror.loseSight(guild.id);
    }
  }
}
