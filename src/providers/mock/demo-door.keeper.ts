import { DoorKeeper, type DoorCredentials } from '../../guilds/guild-doors.js';

/**
 * Lets anybody with any token and user into the guarded demo guild, as d-back does, so that its login can be shown.
 * Limited to the mock source: no real guild ever has this keeper.
 */
export class DemoDoorKeeper extends DoorKeeper {
  readonly door = 'discord';
  readonly source = 'mock';

  admits(_guildId: string, { discordToken, discordUser }: DoorCredentials): Promise<boolean> {
    return Promise.resolve(discordToken !== undefined && discordUser !== undefined);
  }
}
