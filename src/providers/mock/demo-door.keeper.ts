import { DoorKeeper, type DoorCredentials } from '../../guilds/guild-doors.js';

/**
 * Lets anybody with any token and user into the guarded demo guild `oauth`, as d-back does, so that its login can be shown.
 * Limited to that guild of the mock source: no real guild ever has this keeper, and no other one that an operator guards.
 */
export class DemoDoorKeeper extends DoorKeeper {
  readonly door = 'discord';
  readonly source = 'mock';
  override readonly guildId = '123456789012345678';

  admits(_guildId: string, { discordToken, discordUser }: DoorCredentials): Promise<boolean> {
    return Promise.resolve(discordToken !== undefined && discordUser !== undefined);
  }
}
