import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { type DomainEvent } from '../domain/events/index.js';
import { EventLog } from '../event-log/event-log.js';
import { GuildDoors } from '../guilds/guild-doors.js';
import { GuildDirectory } from './guild-directory.js';
import { GuildRooms } from './guild-rooms.js';
import { Visits } from './visits.js';

/** Milliseconds between two looks; the settings themselves are seconds old at most. */
const pause = 3_000;

/**
 * Ends rooms that an operator has closed or guarded: those inside came in through another door. They are told that the
 * guild is removed, ask again, and meet the door as it is now. Visitors whose pass is no longer good are let out one by one.
 */
@Injectable()
export class DoorWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(DoorWatch.name);
  private timer: NodeJS.Timeout | undefined;
  private readonly deaf: (() => void)[] = [];

  constructor(
    private readonly directory: GuildDirectory,
    private readonly rooms: GuildRooms,
    private readonly log: EventLog,
    private readonly doors: GuildDoors,
    private readonly visits: Visits,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.look(), pause);
    this.deaf.push(
      this.log.subscribe((event) => this.hear(event)),
      this.doors.whenRevoked((key) => {
        for (const visit of this.visits.all()) if (visit.pass.key === key) visit.finish('login-ended');
      }),
    );
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
    for (const stop of this.deaf.splice(0)) stop();
  }

  private hear(event: DomainEvent): void {
    if (event.type !== 'member.left') return;
    const { guildId } = event;
    const { id } = event.data.member;
    this.doors.memberLeft(guildId, id);
    for (const visit of this.visits.all()) {
      if (visit.guildId === guildId && visit.pass.holder === id) void visit.look();
    }
  }

  private async look(): Promise<void> {
    const now = performance.now();
    for (const visit of this.visits.all()) if (visit.isDue(now)) void visit.look();
    const rooms = this.rooms.all();
    if (rooms.length === 0) return;
    try {
      const doors = new Map((await this.directory.list()).map(({ id, door }) => [id, door]));
      for (const room of rooms) {
        const door = doors.get(room.guildId);
        if (room.door === undefined || door === room.door) continue;
        if (this.rooms.peek(room.guildId) === room) {
          const data = door === undefined ? {} : { reason: 'door-changed' as const, door };
          await this.log.append({ type: 'guild.removed', guildId: room.guildId, data });
        }
      }
    } catch (error) {
      this.logger.warn(`The doors could not be looked at: ${String(error)}`);
    }
  }
}
