import { Injectable } from '@nestjs/common';
import { DoorPass } from '../guilds/door-pass.js';
import { type DoorCredentials, DoorKeeper } from '../guilds/guild-doors.js';
import { GuildPasswords } from './guild-passwords.js';

/** Lets in who knows the guild's password, until it is another one. A guild without one stays shut. */
@Injectable()
export class PasswordDoorKeeper extends DoorKeeper {
  readonly door = 'password';
  readonly source = undefined;

  constructor(private readonly passwords: GuildPasswords) {
    super();
  }

  async admits(guildId: string, { password }: DoorCredentials): Promise<boolean | DoorPass> {
    if (password === undefined) return false;
    const stamp = await this.passwords.match(guildId, password);
    if (stamp === undefined) return false;
    return new DoorPass({
      lookEveryMs: 0,
      ending: async () => ((await this.passwords.stamp(guildId)) === stamp ? undefined : 'password-changed'),
    });
  }
}
