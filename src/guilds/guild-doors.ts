import { Injectable, Logger } from '@nestjs/common';
import { type Door } from '../domain/guild.js';

/** What a visitor shows at a guild's door. */
export interface DoorCredentials {
  password?: string;
  discordToken?: string;
  /** As the visitor's client tells it: a keeper believes it only after checking. */
  discordUser?: { id: string; username: string };
}

/** Decides who gets into guilds with one kind of door. */
export abstract class DoorKeeper {
  abstract readonly door: Exclude<Door, 'open'>;

  /** The data source whose guilds it keeps; those of every source when absent. */
  abstract readonly source?: string;

  /** Answers within seconds. A throw counts as no; its message is not logged, since it may quote what was shown. */
  abstract admits(guildId: string, credentials: DoorCredentials): Promise<boolean>;
}

/** The doors of all guilds, and who keeps them. A door that nobody keeps stays shut. */
@Injectable()
export class GuildDoors {
  private readonly logger = new Logger(GuildDoors.name);
  private readonly keepers = new Set<DoorKeeper>();

  register(keeper: DoorKeeper): void {
    this.keepers.add(keeper);
  }

  /** Whether a visitor may enter: one keeper's yes is enough. Never throws. `source` is the guild's data source. */
  async admits(guild: { id: string; door: Door; source: string }, credentials: DoorCredentials): Promise<boolean> {
    if (guild.door === 'open') return true;
    for (const keeper of this.keepers) {
      if (keeper.door !== guild.door) continue;
      if (keeper.source !== undefined && keeper.source !== guild.source) continue;
      if (await this.ask(keeper, guild.id, credentials)) return true;
    }
    return false;
  }

  private async ask(keeper: DoorKeeper, guildId: string, credentials: DoorCredentials): Promise<boolean> {
    try {
      // Compared, not trusted: nothing but a plain yes opens a door.
      return (await keeper.admits(guildId, credentials)) === true;
    } catch (error) {
      const kind = error instanceof Error ? error.name : typeof error;
      this.logger.warn(`The keeper of the ${keeper.door} door of guild ${guildId} failed (${kind}): nobody enters`);
      return false;
    }
  }
}
