import { Injectable } from '@nestjs/common';
import { type ApiKey } from '../access/api-keys.js';
import { AttemptLimiter } from '../access/attempt-limiter.js';
import { Fault } from '../domain/fault.js';
import { GuildDoors } from '../guilds/guild-doors.js';
import { type DirectoryEntry } from './guild-directory.js';

/** What a client shows at a guarded guild's door. A key of scope `read` opens every door. */
export interface Credentials {
  apiKey?: ApiKey;
  password?: string;
  discordToken?: string;
  discordUser?: { id: string; username: string };
}

/** Who may see what is behind a guild's door. */
@Injectable()
export class GuildAccess {
  constructor(
    private readonly doors: GuildDoors,
    private readonly attempts: AttemptLimiter,
  ) {}

  /**
   * A guessed password or login counts against `address` like a guessed key.
   * @throws Fault `rate.limited` for an address that guessed too often
   */
  async admits(entry: DirectoryEntry, shown: Credentials, address: string | undefined): Promise<boolean> {
    if (entry.door === 'open' || shown.apiKey?.scopes.has('read')) return true;
    const guess = shown.password !== undefined || shown.discordToken !== undefined;
    if (guess && address !== undefined) await this.mayTry(address);
    const admitted = await this.doors.admits({ id: entry.id, door: entry.door, source: entry.source }, shown);
    if (!admitted && guess && address !== undefined) await this.attempts.failed(address);
    return admitted;
  }

  private async mayTry(address: string): Promise<void> {
    const retryAfter = await this.attempts.check(address);
    if (retryAfter === undefined) return;
    throw new Fault('rate.limited', 'Too many tries in vain came from this address. Wait, then try again.', {
      retryAfter,
    });
  }
}
