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

  /** Answers whether the guild is one that is shown. */
  publish(event: NewDomainEvent): boolean {
    if (!this.admission.admits(event.guildId)) return false;
    // Not awaited: the log keeps the order in which events are handed to it.
    this.log.append(event).catch((error: unknown) => {
      this.logger.error(`A ${event.type} event of guild ${event.guildId} was lost: ${String(error)}`);
    });
    return true;
  }
}
