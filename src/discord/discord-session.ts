import { setTimeout as wait } from 'node:timers/promises';
import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type APIApplication, Events, Routes } from 'discord.js';
import { backoff } from './backoff.js';
import { BotStanding } from './bot-standing.js';
import { type Refusal, refusalOfClose, refusalOfError, refusalSentences } from './connection-refusal.js';
import { type DiscordClient } from './discord-client.js';
import { type DiscordState, type DiscordStatus } from './discord-status.js';
import { faultText } from './fault-text.js';
import { SessionsSpentError } from './identify-allowance.js';
import { type GuildAdmission } from './guild-admission.js';
import {
  intentsRefused,
  missingIntentsSentence,
  type PrivilegedIntent,
  privilegedIntents,
} from './privileged-intents.js';
import { lostShardsSentence, ShardStates } from './shard-states.js';

/**
 * Holds the bot's session: logs in in the background, for as long as it takes, and knows how it stands. Only a no of
 * Discord's ends the trying; refused intents are done without.
 */
export class DiscordSession extends BotStanding implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(DiscordSession.name);
  private readonly ended = new AbortController();
  private readonly shards: ShardStates;
  private readonly wantedIntents: number;
  private readonly firstAnswer: Promise<void>;
  private answered!: () => void;
  private state: Exclude<DiscordState, 'off'> = 'connecting';
  private detail: string | undefined;
  private refusal: Refusal | undefined;
  private missing: PrivilegedIntent[] = [];
  private loggingIn = false;

  constructor(
    private readonly client: DiscordClient,
    private readonly admission: GuildAdmission,
    private readonly token: string,
  ) {
    super();
    this.firstAnswer = new Promise((resolve) => (this.answered = resolve));
    // Sends do not wait for the gateway.
    client.useToken(token);
    this.shards = new ShardStates(client);
    this.wantedIntents = client.options.intents.bitfield;
    this.follow();
  }

  onApplicationBootstrap(): void {
    void this.logIn();
  }

  async onApplicationShutdown(): Promise<void> {
    this.ended.abort();
    await this.client.end();
  }

  current(): ReturnType<DiscordStatus['current']> {
    const shards = this.shards.all();
    const lost = this.state === 'ready' ? lostShardsSentence(shards) : undefined;
    const detail = this.detail ?? lost ?? (this.missing.length > 0 ? missingIntentsSentence(this.missing) : undefined);
    return {
      state: this.state,
      ...(detail !== undefined && { detail }),
      missingIntents: this.missing.map(({ name }) => name),
      ...(shards.length > 1 && { shards }),
    };
  }

  hiddenGuilds(): { id: string; name: string }[] {
    return this.client.guilds.cache
      .filter((guild) => !this.admission.admits(guild.id))
      .map(({ id, name }) => ({ id, name: (name as string | undefined) ?? id }));
  }

  settled(): Promise<void> {
    return this.firstAnswer;
  }

  tokenRefusal(): string | undefined {
    return this.refusal === 'token' ? this.detail : undefined;
  }

  refuse(refusal: Refusal): void {
    if (this.state === 'refused') return;
    this.refusal = refusal;
    this.state = 'refused';
    this.detail = refusalSentences[refusal];
    // Every further 401 counts towards a ban of the address.
    if (refusal === 'token') this.client.useToken(null);
    this.logger.error(this.detail);
    this.answered();
  }

  // How it stands is what the session says: questions over REST add nothing to it.
  reached(): void {}
  unreached(): void {}
  sawGuilds(): void {}
  sawMembers(): void {}

  private follow(): void {
    // Without a listener an error of the client would end the process.
    this.client.on(Events.Error, (error) => this.logger.error(`discord.js: ${faultText(error)}`));
    this.client.on(Events.Warn, (message) => this.logger.warn(`discord.js: ${message}`));
    this.client.on(Events.ShardError, (error) => {
      if (!(error instanceof SessionsSpentError)) return this.logger.debug(`The Discord gateway: ${faultText(error)}`);
      const sentence = spentSentence(error);
      if (this.state === 'connecting') this.detail = sentence;
      this.logger.warn(sentence);
    });
    this.client.on(Events.ClientReady, (client) => this.becomeReady(`Connected to Discord as ${client.user.tag}`));
    this.client.on(Events.ShardReconnecting, () => {
      if (this.state !== 'ready' || this.ended.signal.aborted) return;
      if (this.shards.anyUp) return this.logger.warn(lostShardsSentence(this.shards.all()));
      this.state = 'connecting';
      this.detail = 'The connection to Discord was lost and is being made again.';
      this.logger.warn(this.detail);
    });
    for (const back of [Events.ShardReady, Events.ShardResume] as const) {
      this.client.on(back, () => {
        if (this.client.isReady()) this.becomeReady('Connected to Discord again');
      });
    }
    this.client.on(Events.ShardDisconnect, ({ code }) => {
      const refusal = refusalOfClose(code);
      // A login in progress fails by the same close and is dealt with where it was begun.
      if (this.loggingIn) this.refusal = refusal;
      else if (refusal !== undefined) void this.logIn(refusal);
    });
  }

  private becomeReady(sentence: string): void {
    if (this.state === 'refused' || this.state === 'ready') return;
    this.state = 'ready';
    this.detail = undefined;
    this.logger.log(sentence);
    this.answered();
  }

  /** Tries until a login succeeds or cannot. `refusal` is why an earlier session ended. */
  private async logIn(refusal?: Refusal): Promise<void> {
    this.loggingIn = true;
    this.state = 'connecting';
    this.client.useToken(this.token);
    for (let attempt = 0; !this.ended.signal.aborted; attempt += 1) {
      if (refusal === 'intents' && this.missing.length < privilegedIntents.length) await this.doWithoutIntents();
      else if (refusal !== undefined) return this.refuse(refusal);
      this.refusal = undefined;
      try {
        await this.client.login(this.token);
        break;
      } catch (error) {
        if (this.ended.signal.aborted) return;
        refusal = this.refusal ?? refusalOfError(error);
        if (error instanceof SessionsSpentError) await this.pause(spentSentence(error), error.resetAfter);
        else if (refusal === undefined) await this.pauseAfter(error, backoff(attempt));
      }
    }
    this.loggingIn = false;
  }

  private pauseAfter(error: unknown, delay: number): Promise<void> {
    return this.pause(`Discord cannot be reached (${faultText(error)}); trying again.`, delay);
  }

  private async pause(detail: string, delay: number): Promise<void> {
    this.detail = detail;
    this.logger.warn(`${detail} Next try in ${(delay / 1000).toFixed(1)} s.`);
    await wait(delay, undefined, { signal: this.ended.signal }).catch(() => undefined);
  }

  private async doWithoutIntents(): Promise<void> {
    // Discord does not say which intent it refuses, but the application's flags do.
    const flags = await this.client.rest.get(Routes.currentApplication()).then(
      (application) => (application as Partial<APIApplication>).flags,
      () => undefined,
    );
    this.missing = intentsRefused(flags, this.missing);
    this.client.useIntents(this.missing.reduce((intents, { bit }) => intents & ~bit, this.wantedIntents));
    this.logger.warn(missingIntentsSentence(this.missing));
  }
}

function spentSentence({ message }: SessionsSpentError): string {
  return `${message}; the last ones are kept, and the bot waits until then.`;
}
