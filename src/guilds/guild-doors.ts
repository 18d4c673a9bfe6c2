import { Injectable, Logger } from '@nestjs/common';
import { Fault } from '../domain/fault.js';
import { type Door } from '../domain/guild.js';
import { DoorPass } from './door-pass.js';

/** What a visitor shows at a guild's door. */
export interface DoorCredentials {
  password?: string;
  discordToken?: string;
  /** As the visitor's client tells it: a keeper believes it only after checking. */
  discordUser?: { id: string; username: string };
  /** The id of a login at this service. */
  session?: string;
}

/** Decides who gets into guilds with one kind of door. */
export abstract class DoorKeeper {
  abstract readonly door: Exclude<Door, 'open'>;

  /** The data source whose guilds it keeps; those of every source when absent. */
  abstract readonly source?: string;

  /** The one guild it keeps; every one of its source when absent. */
  readonly guildId?: string;

  /**
   * Answers within seconds; with a pass when the visitor may have to be let out again. A Fault says that nothing can be told
   * now. Any other throw counts as no; its message is not logged, since it may quote what was shown.
   */
  abstract admits(guildId: string, credentials: DoorCredentials): Promise<boolean | DoorPass>;

  /** Somebody is no member of the guild any more, as its source tells. */
  memberLeft?(guildId: string, memberId: string): void;
}

interface KeptGuild {
  id: string;
  door: Door;
  /** The guild's data source. */
  source: string;
}

/** The doors of all guilds, and who keeps them. A door that nobody keeps stays shut. */
@Injectable()
export class GuildDoors {
  private readonly logger = new Logger(GuildDoors.name);
  private readonly keepers = new Set<DoorKeeper>();
  private readonly sentences = new Map<Door, string>();
  private readonly onRevoked = new Set<(key: string) => void>();

  register(keeper: DoorKeeper): void {
    this.keepers.add(keeper);
  }

  /** Says why a kind of door has no keeper, to those who stand before one. */
  explainShut(door: Exclude<Door, 'open'>, sentence: string): void {
    this.sentences.set(door, sentence);
  }

  /** Why nobody at all enters; undefined where somebody keeps the door. */
  shutSentence(guild: KeptGuild): string | undefined {
    if (guild.door === 'open' || this.keepersOf(guild).length > 0) return undefined;
    return this.sentences.get(guild.door) ?? 'Nobody keeps the door of this guild, so nobody enters.';
  }

  /**
   * Whether a visitor may enter: one keeper's yes is enough.
   * @throws Fault when nobody says yes and a keeper cannot tell now
   */
  async admits(guild: KeptGuild, credentials: DoorCredentials): Promise<boolean | DoorPass> {
    if (guild.door === 'open') return true;
    let unsure: Fault | undefined;
    for (const keeper of this.keepersOf(guild)) {
      const answer = await this.ask(keeper, guild.id, credentials);
      if (answer instanceof Fault) unsure = answer;
      else if (answer !== false) return answer;
    }
    if (unsure) throw unsure;
    return false;
  }

  memberLeft(guildId: string, memberId: string): void {
    for (const keeper of this.keepers) keeper.memberLeft?.(guildId, memberId);
  }

  /** Takes back every pass that rests on `key`. */
  revoke(key: string): void {
    for (const listener of this.onRevoked) listener(key);
  }

  /** Call the answer to hear no more. */
  whenRevoked(listener: (key: string) => void): () => void {
    this.onRevoked.add(listener);
    return () => this.onRevoked.delete(listener);
  }

  private keepersOf({ id, door, source }: KeptGuild): DoorKeeper[] {
    return [...this.keepers].filter(
      (keeper) =>
        keeper.door === door &&
        (keeper.source === undefined || keeper.source === source) &&
        (keeper.guildId === undefined || keeper.guildId === id),
    );
  }

  private async ask(
    keeper: DoorKeeper,
    guildId: string,
    credentials: DoorCredentials,
  ): Promise<boolean | DoorPass | Fault> {
    try {
      const answer = await keeper.admits(guildId, credentials);
      // Compared, not trusted: nothing but a plain yes or a pass opens a door.
      return answer === true || answer instanceof DoorPass ? answer : false;
    } catch (error) {
      if (error instanceof Fault) return error;
      const kind = error instanceof Error ? error.name : typeof error;
      this.logger.warn(`The keeper of the ${keeper.door} door of guild ${guildId} failed (${kind}): nobody enters`);
      return false;
    }
  }
}
