import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { CacheInvalidation } from '../cache/cache-invalidation.js';
import { type DomainEvent } from '../domain/events/index.js';
import { EventLog } from '../event-log/event-log.js';
import { GatewayMetrics } from './gateway.metrics.js';
import { GuildDirectory } from './guild-directory.js';
import { type GuildRoom } from './guild-room.js';
import { GuildRooms } from './guild-rooms.js';
import { type Transport } from './transport.js';

/** Takes every event of the log into its room and hands it to every transport, in the order of the log. */
@Injectable()
export class RoomBroadcaster implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(RoomBroadcaster.name);
  private readonly transports = new Set<Transport>();
  private readonly appearance = new Set<() => void>();
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly log: EventLog,
    private readonly rooms: GuildRooms,
    private readonly directory: GuildDirectory,
    private readonly cache: CacheInvalidation,
    private readonly metrics: GatewayMetrics,
  ) {}

  onModuleInit(): void {
    this.unsubscribe = this.log.subscribe((event) => this.deliver(event));
  }

  /** Not earlier: while deliveries are drained, rooms are still told of them. */
  onApplicationShutdown(): void {
    this.unsubscribe?.();
  }

  attach(transport: Transport): void {
    this.transports.add(transport);
  }

  /** Calls `listener` when a guild may have appeared or changed its name. */
  onGuildAppearance(listener: () => void): void {
    this.appearance.add(listener);
  }

  private deliver(event: DomainEvent): void {
    for (const tag of this.tagsOf(event.guildId)) void this.cache.invalidate(tag);
    if (event.type === 'guild.updated' || event.type === 'guild.removed') this.directory.forget();
    const room = this.rooms.apply(event);
    if (room) {
      this.toTransports((transport) => {
        this.metrics.deliveries.inc({ transport: transport.name }, transport.send(room, event));
      });
    }
    if (room && event.type === 'guild.removed') this.endRoom(room);
    if (event.type === 'guild.updated') for (const listener of this.appearance) listener();
  }

  /** Answers are cached under the name that the guild was asked by. */
  private tagsOf(guildId: string): string[] {
    const alias = this.directory.lastKnown(guildId)?.alias;
    return ['guilds', `guild:${guildId}`, ...(alias === undefined ? [] : [`guild:${alias}`])];
  }

  private endRoom(room: GuildRoom): void {
    this.rooms.close(room.guildId);
    this.toTransports((transport) => transport.end(room));
  }

  private toTransports(act: (transport: Transport) => void): void {
    for (const transport of this.transports) {
      try {
        act(transport);
      } catch (error) {
        // One transport's fault must not cost the others their event.
        this.logger.error(
          `transport ${transport.name}: ${String(error)}`,
          error instanceof Error ? error.stack : undefined,
        );
      }
    }
  }
}
