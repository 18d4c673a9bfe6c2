import { bulkhead } from 'cockatiel';
import { LRUCache } from 'lru-cache';
import { type DiscordMembers } from '../discord/discord-members.js';

const mostAnswers = 50_000;
const atOnce = 8;

/** Who is a member of which guild, as the bot last heard. An answer serves for a while. */
export class Memberships {
  private readonly answers: LRUCache<string, boolean>;
  private readonly asking = new Map<string, Promise<boolean>>();
  /** Those who wait are connections, of which there are so many at most. */
  private readonly places = bulkhead(atOnce, Infinity);
  /** How many leaves were heard of: what was asked before one may be old when it is answered. */
  private leaves = 0;

  constructor(
    private readonly members: DiscordMembers,
    keepMs: number,
  ) {
    this.answers = new LRUCache({ max: mostAnswers, ttl: keepMs });
  }

  /** @throws when Discord cannot tell now */
  async has(guildId: string, userId: string): Promise<boolean> {
    const name = `${guildId}:${userId}`;
    const known = this.answers.get(name);
    if (known !== undefined) return known;
    let question = this.asking.get(name);
    if (!question) {
      question = this.ask(guildId, userId).finally(() => {
        if (this.asking.get(name) === question) this.asking.delete(name);
      });
      this.asking.set(name, question);
    }
    return question;
  }

  /** Somebody left: what is known of them is old. */
  forget(guildId: string, userId: string): void {
    const name = `${guildId}:${userId}`;
    this.leaves += 1;
    this.answers.delete(name);
    this.asking.delete(name);
  }

  private async ask(guildId: string, userId: string): Promise<boolean> {
    const { leaves } = this;
    const answer = await this.places.execute(() => this.members.has(guildId, userId));
    if (leaves === this.leaves) this.answers.set(`${guildId}:${userId}`, answer);
    return answer;
  }
}
