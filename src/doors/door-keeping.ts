import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { GuildDoors } from '../guilds/guild-doors.js';
import { GuildSettingsStore } from '../guilds/guild-settings.js';
import { type DiscordDoorKeeper } from './discord-door.keeper.js';
import { DOORS_CONFIG, type DoorsConfig } from './doors.config.js';
import { PasswordDoorKeeper } from './password-door.keeper.js';

/** Who keeps the Discord door, or a sentence that says why nobody does; and, where somebody does, which way in is missing. */
export class DiscordDoor {
  constructor(
    readonly keeper: DiscordDoorKeeper | string,
    readonly missing: string | undefined,
  ) {}
}

/** Puts the keepers at their doors when the program starts, and says which doors stay shut. */
@Injectable()
export class DoorKeeping implements OnModuleInit {
  private readonly logger = new Logger(DoorKeeping.name);

  constructor(
    private readonly doors: GuildDoors,
    private readonly settings: GuildSettingsStore,
    private readonly passwords: PasswordDoorKeeper,
    private readonly discord: DiscordDoor,
    @Inject(DOORS_CONFIG) private readonly config: DoorsConfig,
  ) {}

  async onModuleInit(): Promise<void> {
    this.doors.register(this.passwords);
    const { keeper, missing } = this.discord;
    if (typeof keeper !== 'string') {
      this.doors.register(keeper);
      if (missing !== undefined) this.logger.log(`${missing} Clients that bring a token of their visitor come in.`);
      return;
    }
    this.doors.explainShut('discord', keeper);
    const { DISCORD_CLIENT_ID, DISCORD_CLIENT_SECRET } = this.config;
    const begun = DISCORD_CLIENT_ID !== undefined || DISCORD_CLIENT_SECRET !== undefined;
    if (begun || (await this.settings.all()).some(({ door }) => door === 'discord')) this.logger.warn(keeper);
  }
}
