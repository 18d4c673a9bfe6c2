import { createHash, randomBytes } from 'node:crypto';
import { ApiError } from './api-error.js';
import { type WireUser } from './wire.js';

interface Grant {
  userId: string;
  applicationId: string;
  scopes: string[];
}

type Token = Grant & { expiresAt: number };
type Code = Grant & { redirectUri: string; challenge: string | undefined; expiresAt: number };

export interface TokenOptions {
  userId: string;
  /** The fake's own application by default. */
  applicationId?: string;
  scopes?: string[];
  /** Milliseconds; a week by default. */
  lifetime?: number;
}

const week = 604_800_000;
const codeLifetime = 60_000;

/** People who log in at applications by OAuth2: the codes and tokens they gave. */
export class Logins {
  readonly clientSecret = 'fake-client-secret';
  private readonly codes = new Map<string, Code>();
  private readonly tokens = new Map<string, Token>();

  constructor(
    private readonly applicationId: () => string,
    private readonly userOf: (id: string) => WireUser | undefined,
  ) {}

  /** Somebody agrees on the page at `authorizeUrl`. Answers where their browser is sent. */
  agree(authorizeUrl: string, userId: string): string {
    const { redirectUri, state, scopes, challenge } = this.read(authorizeUrl);
    if (!this.userOf(userId)) throw new Error(`No user ${userId}`);
    const code = randomBytes(15).toString('base64url');
    const grant = { userId, applicationId: this.applicationId(), scopes };
    this.codes.set(code, { ...grant, redirectUri, challenge, expiresAt: Date.now() + codeLifetime });
    return withQuery(redirectUri, { code, state });
  }

  /** Somebody refuses. Answers where their browser is sent. */
  decline(authorizeUrl: string): string {
    const { redirectUri, state } = this.read(authorizeUrl);
    return withQuery(redirectUri, {
      error: 'access_denied',
      error_description: 'The resource owner or authorization server denied the request',
      state,
    });
  }

  /** What somebody's browser gets by the implicit grant. */
  token({
    userId,
    applicationId = this.applicationId(),
    scopes = ['identify'],
    lifetime = week,
  }: TokenOptions): string {
    const token = randomBytes(15).toString('base64url');
    this.tokens.set(token, { userId, applicationId, scopes, expiresAt: Date.now() + lifetime });
    return token;
  }

  /** The user takes it back. */
  revoke(token: string): void {
    this.tokens.delete(token);
  }

  /** Whose a token is. */
  holder(token: string | undefined): Token & { user: WireUser } {
    const known = token === undefined ? undefined : this.tokens.get(token);
    const user = known && this.userOf(known.userId);
    if (!known || !user || known.expiresAt <= Date.now()) throw new ApiError(401, 0, '401: Unauthorized');
    return { ...known, user };
  }

  /** The token for a code. Any show of a code uses it up. */
  redeem(form: Readonly<Record<string, unknown>>): object {
    if (form.client_id !== this.applicationId() || form.client_secret !== this.clientSecret) {
      throw new OAuthError(401, 'invalid_client');
    }
    if (form.grant_type !== 'authorization_code') throw new OAuthError(400, 'unsupported_grant_type');
    const code = this.codes.get(String(form.code));
    this.codes.delete(String(form.code));
    const verified =
      code?.challenge === undefined ||
      code.challenge === createHash('sha256').update(String(form.code_verifier)).digest('base64url');
    if (!code || code.expiresAt <= Date.now() || code.redirectUri !== form.redirect_uri || !verified) {
      throw new OAuthError(400, 'invalid_grant');
    }
    const { userId, scopes } = code;
    const token = this.token({ userId, scopes });
    const refresh = randomBytes(15).toString('base64url');
    return {
      token_type: 'Bearer',
      access_token: token,
      expires_in: week / 1000,
      refresh_token: refresh,
      scope: scopes.join(' '),
    };
  }

  private read(authorizeUrl: string) {
    const query = new URL(authorizeUrl).searchParams;
    const redirectUri = query.get('redirect_uri') ?? '';
    if (query.get('client_id') !== this.applicationId()) throw new Error('Unknown application');
    if (query.get('response_type') !== 'code' || !URL.canParse(redirectUri))
      throw new Error('Invalid authorize address');
    const challenge = query.get('code_challenge') ?? undefined;
    if (challenge !== undefined && query.get('code_challenge_method') !== 'S256') throw new Error('S256 alone');
    const scopes = (query.get('scope') ?? '').split(' ');
    return { redirectUri, state: query.get('state') ?? '', scopes, challenge };
  }
}

/** OAuth2 endpoints word their refusals in their own way. */
class OAuthError extends ApiError {
  override get body(): unknown {
    return { error: this.message };
  }

  constructor(status: number, error: string) {
    super(status, 0, error);
  }
}

function withQuery(address: string, query: Record<string, string>): string {
  const url = new URL(address);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}
