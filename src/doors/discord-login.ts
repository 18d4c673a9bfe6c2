import { Inject, Injectable } from '@nestjs/common';
import { Fault } from '../domain/fault.js';
import { DOORS_CONFIG, type DoorsConfig, loginSettings } from './doors.config.js';
import { DiscordOAuth } from './discord-oauth.js';
import { PendingLogins } from './pending-logins.js';
import { VisitorSessions } from './visitor-sessions.js';

/** How Discord sent a browser back, and what that browser has of ours. */
interface LoginReturn {
  state: string | undefined;
  /** Undefined when the visitor refused. */
  code: string | undefined;
  binder: string | undefined;
}

interface LoginEnd {
  returnTo: string;
  /** Undefined when the visitor refused. */
  visitor: { userId: string; session: string } | undefined;
}

/** Logs visitors in by Discord's authorisation code with PKCE. Discord's token is looked at once and kept nowhere. */
@Injectable()
export class DiscordLogin {
  private readonly pending = new PendingLogins();

  constructor(
    @Inject(DOORS_CONFIG) private readonly config: DoorsConfig,
    private readonly oauth: DiscordOAuth,
    private readonly sessions: VisitorSessions,
  ) {}

  /** Where browsers reach this service. @throws Fault `service.unavailable` when logging in is not set up */
  get publicUrl(): string {
    return this.settings.publicUrl;
  }

  /** Milliseconds for which a login lasts. */
  get lifetimeMs(): number {
    return this.config.SESSION_HOURS * 3_600_000;
  }

  /** Where to send the browser, and what to give it to come back with. @throws Fault `service.unavailable` */
  begin(returnTo: string): { url: string; binder: string } {
    const { clientId } = this.settings;
    const { state, binder, challenge } = this.pending.begin(returnTo);
    const url = this.oauth.authorizeUrl;
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      scope: 'identify',
      redirect_uri: this.redirectUri,
      state,
      code_challenge: challenge,
      code_challenge_method: 'S256',
    }).toString();
    return { url: url.href, binder };
  }

  /** @throws Fault `request.invalid` for a login that did not begin in this browser or is over, `service.unavailable` */
  async finish({ state, code, binder }: LoginReturn): Promise<LoginEnd> {
    const { clientId, clientSecret } = this.settings;
    const login = state === undefined || binder === undefined ? undefined : this.pending.take(state, binder);
    if (!login) throw refused('This login did not begin in this browser, or is over.');
    const { returnTo, verifier } = login;
    if (code === undefined) return { returnTo, visitor: undefined };
    const { redirectUri } = this;
    const token = await this.oauth.redeem({ code, verifier, redirectUri, clientId, clientSecret });
    const owner = token === undefined ? undefined : await this.oauth.authorizationOf(token);
    if (owner?.applicationId !== clientId) throw refused('Discord does not confirm this login.');
    const { userId } = owner;
    return { returnTo, visitor: { userId, session: await this.sessions.begin(userId) } };
  }

  /** @throws Fault `service.unavailable` */
  logOut(session: string): Promise<void> {
    return this.sessions.end(session);
  }

  private get redirectUri(): string {
    return `${this.settings.publicUrl}/auth/discord/callback`;
  }

  private get settings() {
    const settings = loginSettings(this.config);
    if (typeof settings === 'string') throw new Fault('service.unavailable', settings);
    return settings;
  }
}

function refused(why: string): Fault {
  return new Fault('request.invalid', `${why} Begin again.`);
}
