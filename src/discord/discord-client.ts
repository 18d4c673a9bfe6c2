import { Client, type ClientOptions, IntentsBitField } from 'discord.js';
import { PatientSharding } from './patient-sharding.js';

/** A client whose login may fail and be tried again: discord.js ends a client for good at the first failure. */
export class DiscordClient extends Client {
  private readonly sharding: { current?: PatientSharding };
  private loggingIn = false;
  private ended = false;

  constructor(options: ClientOptions) {
    const sharding: { current?: PatientSharding } = {};
    super({
      ...options,
      ws: { ...options.ws, buildStrategy: (manager) => (sharding.current = new PatientSharding(manager)) },
    });
    this.sharding = sharding;
  }

  /** For REST alone; null: nothing is sent any more. */
  useToken(token: string | null): void {
    // discord.js takes null for "none", as it does itself after a 401.
    this.rest.setToken(token as string);
  }

  /** What the next login asks for. */
  useIntents(intents: number): void {
    this.options.intents = new IntentsBitField(intents).freeze();
    this.sharding.current?.useIntents(intents);
  }

  override async login(token: string): Promise<string> {
    this.loggingIn = true;
    try {
      return await super.login(token);
    } finally {
      this.loggingIn = false;
    }
  }

  override async destroy(): Promise<void> {
    // Called from within a failing login: what it opened is closed already.
    if (this.loggingIn && !this.ended) return;
    await super.destroy();
  }

  /** Ends the client for good, whatever it is doing. Does not wait for a peer that does not answer. */
  async end(): Promise<void> {
    this.ended = true;
    await this.sharding.current?.end();
    await this.destroy();
  }
}
