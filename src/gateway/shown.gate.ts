import { Injectable } from '@nestjs/common';
import { type NewDomainEvent } from '../domain/events/index.js';
import { GatedLog } from '../event-log/gated-log.js';
import { ShownFilters } from '../guilds/shown-filters.js';
import { type GuildRoom } from './guild-room.js';
import { GuildRooms } from './guild-rooms.js';

/**
 * Stands at the entrance of the log, so that nothing gets a place that must not be shown, whoever says it; and takes
 * every open room along when it is decided anew what is shown.
 */
@Injectable()
export class ShownGate {
  /** What follows from a decision, and is judged already. */
  private readonly judged = new WeakSet<NewDomainEvent>();

  constructor(
    private readonly log: GatedLog,
    private readonly rooms: GuildRooms,
    private readonly filters: ShownFilters,
  ) {
    log.guard((event) => (this.judged.has(event) ? event : rooms.pass(event)));
    filters.onChange(() => {
      for (const room of rooms.all()) this.follow(room);
    });
  }

  private follow(room: GuildRoom): void {
    const { guildId } = room;
    const filter = this.filters.of(guildId);
    if (room.filter === filter) return;
    // What is held back passed by the former filter, and the room must know of it.
    this.log.settle(guildId);
    for (const event of room.showBy(filter)) {
      this.judged.add(event);
      void this.log.append(event);
    }
    // Those who leave are in it, and even their leave names them.
    this.log.forget(guildId);
  }
}
