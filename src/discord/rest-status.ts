import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type REST } from 'discord.js';
import { BotStanding } from './bot-standing.js';
import { type Refusal, refusalSentences } from './connection-refusal.js';
import { type DiscordState, type DiscordStatus } from './discord-status.js';
import { type GuildAdmission } from './guild-admission.js';
import { membersIntent, missingIntentsSentence } from './privileged-intents.js';

/** How a bot without a session stands: as Discord last answered over REST. */
export class RestStatus extends BotStanding implements OnApplicationShutdown {
  private readonly logger = new Logger(RestStatus.name);
  private readonly firstAnswer: Promise<void>;
  private told = (): void => undefined;
  private whenLost: (() => void) | undefined;
  private state: DiscordState;
  private detail: string | undefined;
  private refusal: Refusal | undefined;
  private hidden: { id: string; name: string }[] = [];
  /** Guilds whose members Discord does not tell this bot. */
  private readonly closed = new Set<string>();

  /** `asked`: guilds are read from Discord. Otherwise messages alone are sent, and there is nothing to say of it. */
  constructor(
    private readonly rest: REST,
    private readonly admission: GuildAdmission,
    token: string,
    asked: boolean,
  ) {
    super();
    this.state = asked ? 'connecting' : 'off';
    this.detail = asked ? undefined : 'no source reads guilds from Discord';
    this.firstAnswer = asked ? new Promise((resolve) => (this.told = resolve)) : Promise.resolve();
    rest.setToken(token);
  }

  onApplicationShutdown(): void {
    this.rest.clearHashSweeper();
    this.rest.clearHandlerSweeper();
  }

  current(): ReturnType<DiscordStatus['current']> {
    const missing = this.closed.size > 0 ? [membersIntent] : [];
    const detail = this.detail ?? (missing.length > 0 ? missingIntentsSentence(missing) : undefined);
    return {
      state: this.state,
      ...(detail !== undefined && { detail }),
      missingIntents: missing.map(({ name }) => name),
    };
  }

  hiddenGuilds(): { id: string; name: string }[] {
    return this.hidden;
  }

  settled(): Promise<void> {
    return this.firstAnswer;
  }

  /** Resolves when Discord cannot be asked: now, or the next time. For one listener. */
  lost(): Promise<void> {
    if (this.state === 'connecting') return Promise.resolve();
    return new Promise((resolve) => (this.whenLost = resolve));
  }

  tokenRefusal(): string | undefined {
    return this.refusal === 'token' ? this.detail : undefined;
  }

  refuse(refusal: Refusal): void {
    if (this.state === 'refused') return;
    this.refusal = refusal;
    this.state = 'refused';
    this.detail = refusalSentences[refusal];
    this.logger.error(this.detail);
    this.told();
  }

  reached(): void {
    if (this.state !== 'connecting') return;
    this.state = 'ready';
    this.detail = undefined;
    this.logger.log('Discord answers over REST');
  }

  unreached(reason: string): void {
    if (this.state === 'refused') return;
    this.detail = `${reason}; trying again.`;
    if (this.state === 'ready') this.logger.warn(this.detail);
    this.state = 'connecting';
    this.whenLost?.();
  }

  sawGuilds(guilds: readonly { id: string; name: string }[]): void {
    this.hidden = guilds.filter(({ id }) => !this.admission.admits(id)).map(({ id, name }) => ({ id, name }));
    const there = new Set(guilds.map(({ id }) => id));
    for (const id of this.closed) if (!there.has(id)) this.closed.delete(id);
    this.told();
  }

  sawMembers(guildId: string, allowed: boolean): void {
    if (allowed) return void this.closed.delete(guildId);
    if (this.closed.size === 0) this.logger.warn(missingIntentsSentence([membersIntent]));
    this.closed.add(guildId);
  }
}
