import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { EventLog } from '../event-log/event-log.js';
import { GuildDirectory } from './guild-directory.js';
import { GuildRooms } from './guild-rooms.js';

/** Milliseconds between two looks; the settings themselves are seconds old at most. */
const pause = 3_000;

/**
 * Ends rooms that an operator has closed or guarded: those inside came in through another door. They are told that the
 * guild is removed, ask again, and meet the door as it is now.
 */
@Injectable()
export class DoorWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(DoorWatch.name);
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly directory: GuildDirectory,
    private readonly rooms: GuildRooms,
    private readonly log: EventLog,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.look(), pause);
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    const rooms = this.rooms.all();
    if (rooms.length === 0) return;
    try {
      const doors = new Map((await this.directory.list()).map(({ id, door }) => [id, door]));
      for (const room of rooms) {
        if (room.door === undefined || doors.get(room.guildId) === room.door) continue;
        if (this.rooms.peek(room.guildId) === room) {
          await this.log.append({ type: 'guild.removed', guildId: room.guildId, data: {} });
        }
      }
    } catch (error) {
      this.logger.warn(`The doors could not be looked at: ${String(error)}`);
    }
  }
}
