import { Fault } from '../domain/fault.js';
import { type LettingOut } from '../domain/events/guild-removed.js';
import { DoorPass } from '../guilds/door-pass.js';
import { type DoorCredentials, DoorKeeper } from '../guilds/guild-doors.js';
import { type Memberships } from './memberships.js';
import { type VisitorSessions } from './visitor-sessions.js';
import { type VisitorTokens } from './visitor-tokens.js';

/** Who a visitor is, for as long as what was shown proves it. */
interface Visitor {
  userId: string;
  key?: string;
  /** Milliseconds since 1970. */
  until: number;
  /** Asked again: whether that still holds. */
  holds: () => Promise<boolean>;
}

/** Lets in members of the guild who prove who they are, by a token of their own or by a login at this service. */
export class DiscordDoorKeeper extends DoorKeeper {
  readonly door = 'discord';
  readonly source = undefined;

  /** `lookEveryMs`: between two looks whether somebody inside is still a member. */
  constructor(
    private readonly tokens: VisitorTokens,
    private readonly sessions: VisitorSessions,
    private readonly memberships: Memberships,
    private readonly lookEveryMs: number,
  ) {
    super();
  }

  async admits(guildId: string, credentials: DoorCredentials): Promise<boolean | DoorPass> {
    const visitor = await this.whoIs(credentials);
    if (!visitor) return false;
    const { userId: holder, key, until, holds } = visitor;
    if (!(await this.isMember(guildId, holder))) return false;
    const ending = async (): Promise<LettingOut | undefined> => {
      if (!(await holds())) return 'login-ended';
      return (await this.memberships.has(guildId, holder)) ? undefined : 'not-a-member';
    };
    return new DoorPass({ holder, until, lookEveryMs: this.lookEveryMs, ending, ...(key !== undefined && { key }) });
  }

  override memberLeft(guildId: string, memberId: string): void {
    this.memberships.forget(guildId, memberId);
  }

  private async isMember(guildId: string, userId: string): Promise<boolean> {
    try {
      return await this.memberships.has(guildId, userId);
    } catch {
      throw new Fault('service.unavailable', 'Discord cannot be asked about members now.', { retryAfter: 5 });
    }
  }

  /** A token that was shown is meant: a login that the browser sends along by itself does not mend a bad one. */
  private async whoIs({ discordToken, discordUser, session }: DoorCredentials): Promise<Visitor | undefined> {
    if (discordToken !== undefined) return this.ownerOf(discordToken, discordUser?.id);
    if (session === undefined) return undefined;
    const found = await this.sessions.find(session);
    if (!found) return undefined;
    const holds = async () => (await this.sessions.find(session)) !== undefined;
    return { userId: found.userId, key: found.key, until: found.expiresAt, holds };
  }

  private async ownerOf(token: string, claimed: string | undefined): Promise<Visitor | undefined> {
    const owner = await this.tokens.ownerOf(token);
    if (!owner || (claimed !== undefined && claimed !== owner.userId)) return undefined;
    const holds = async () => (await this.tokens.ownerOf(token)) !== undefined;
    return { userId: owner.userId, until: owner.expiresAt, holds };
  }
}
