import { Injectable, Logger } from '@nestjs/common';
import { type NewDomainEvent } from '../domain/events/index.js';
import { EventLog } from '../event-log/event-log.js';
import { GuildAdmission } from './guild-admission.js';

/** The one door through which events of Discord's guilds leave this folder: only those of admitted guilds do. */
@Injectable()
export class GuildFeed {
  private readonly logger = new Logger(GuildFeed.name);

  constructor(
    private readonly log: EventLog,
    private readonly admission: GuildAdmission,
  ) {}

  publish(event: NewDomainEvent): void {
    if (!this.admission.admits(event.guildId)) return;
    // Not awaited: the log keeps the order in which events are handed to it.
    this.log.append(event).catch((error: unknown) => {
      this.logger.error(`A ${event.type} event of guild ${event.guildId} was lost: ${String(error)}`);
    });
  }
}
