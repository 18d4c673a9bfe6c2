import { LRUCache } from 'lru-cache';
import { type Authorization, type DiscordOAuth } from './discord-oauth.js';
import { digestOf } from './secret-word.js';

const mostTokens = 10_000;

/** Whose the tokens of visitors are. An answer serves for a while, under the digest of its token. */
export class VisitorTokens {
  private readonly answers: LRUCache<string, { authorization: Authorization | undefined }>;
  private readonly asking = new Map<string, Promise<Authorization | undefined>>();

  /** `clientId`: a token that was given to another application is worth nothing here. */
  constructor(
    private readonly oauth: DiscordOAuth,
    private readonly clientId: string,
    keepMs: number,
  ) {
    this.answers = new LRUCache({ max: mostTokens, ttl: keepMs });
  }

  /** Undefined for a token that opens nothing. @throws Fault `service.unavailable` */
  async ownerOf(token: string): Promise<Authorization | undefined> {
    const name = digestOf(token).toString('base64');
    const known = this.answers.get(name);
    if (known) return usable(known.authorization);
    let question = this.asking.get(name);
    if (!question) {
      question = this.ask(token, name).finally(() => this.asking.delete(name));
      this.asking.set(name, question);
    }
    return usable(await question);
  }

  private async ask(token: string, name: string): Promise<Authorization | undefined> {
    const told = await this.oauth.authorizationOf(token);
    // Any site could show us what its own visitors gave to its own application.
    const authorization = told?.applicationId === this.clientId ? told : undefined;
    this.answers.set(name, { authorization });
    return authorization;
  }
}

function usable(authorization: Authorization | undefined): Authorization | undefined {
  return authorization && Date.now() < authorization.expiresAt ? authorization : undefined;
}
