import { Injectable } from '@nestjs/common';
import { type ApiKey } from '../access/api-keys.js';
import { AttemptLimiter } from '../access/attempt-limiter.js';
import { Fault } from '../domain/fault.js';
import { DoorPass } from '../guilds/door-pass.js';
import { type DoorCredentials, GuildDoors } from '../guilds/guild-doors.js';
import { addressGroup } from '../rate-limit/client-address.js';
import { GuessTurns } from './guess-turns.js';
import { type DirectoryEntry } from './guild-directory.js';
import { type Visit, Visits } from './visits.js';

/** What a client shows at a guarded guild's door. A key of scope `read` opens every door. */
export interface Credentials extends DoorCredentials {
  apiKey?: ApiKey;
}

/** Who may see what is behind a guild's door. */
@Injectable()
export class GuildAccess {
  private readonly passwords = new GuessTurns(1);
  /** A token is no word that can be guessed, and Discord takes its time for each. */
  private readonly tokens = new GuessTurns(10);

  constructor(
    private readonly doors: GuildDoors,
    private readonly attempts: AttemptLimiter,
    private readonly visits: Visits,
  ) {}

  /**
   * Ends well for those who may enter; with a visit for those who may have to be let out again. A guessed password or login
   * counts against `address` like a guessed key.
   * @throws Fault `guild.guarded`, `rate.limited` for an address that guessed too often, `service.unavailable`
   */
  async admit(entry: DirectoryEntry, shown: Credentials, address: string | undefined): Promise<Visit | undefined> {
    if (entry.door === 'open' || shown.apiKey?.scopes.has('read')) return undefined;
    const guess = shown.password !== undefined || shown.discordToken !== undefined;
    const ask = () => this.doors.admits({ id: entry.id, door: entry.door, source: entry.source }, shown);
    const pass = guess && address !== undefined ? await this.guess(ask, shown, address) : await ask();
    if (pass === false) throw new Fault('guild.guarded', this.refusal(entry));
    return pass instanceof DoorPass ? this.visits.make(entry.id, pass) : undefined;
  }

  private refusal(entry: DirectoryEntry): string {
    return this.doors.shutSentence(entry) ?? 'This guild is guarded: show a way in that its door accepts.';
  }

  private async guess(
    ask: () => Promise<boolean | DoorPass>,
    { discordToken }: Credentials,
    address: string,
  ): Promise<boolean | DoorPass> {
    const attempt = async () => {
      await this.mayTry(address);
      const answer = await ask();
      if (answer === false) await this.attempts.failed(address);
      return answer;
    };
    const turns = discordToken === undefined ? this.passwords : this.tokens;
    return turns.next(addressGroup(address), attempt);
  }

  private async mayTry(address: string): Promise<void> {
    const retryAfter = await this.attempts.check(address);
    if (retryAfter === undefined) return;
    throw new Fault('rate.limited', 'Too many tries in vain came from this address. Wait, then try again.', {
      retryAfter,
    });
  }
}
