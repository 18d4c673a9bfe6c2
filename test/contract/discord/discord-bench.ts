import { FakeDiscord, type FakeDiscordOptions } from '../../../src/testing/fake-discord/index.js';
import { DiscordApp } from '../../integration/discord/discord-app.js';
import { settings, token, town } from '../../integration/discord/discord-town.js';

/** A fake Discord with a town in it, and the module in an application of its own that shows it. */
export class DiscordBench {
  private constructor(
    readonly discord: FakeDiscord,
    readonly place: ReturnType<typeof town>,
    readonly app: DiscordApp,
  ) {}

  /** `prepare` runs before the application starts; it may take the Discord away. */
  static async open({
    discord: options = {},
    env = {},
    prepare = () => undefined,
  }: {
    discord?: FakeDiscordOptions;
    env?: Record<string, string>;
    prepare?: (discord: FakeDiscord, place: ReturnType<typeof town>) => unknown;
  } = {}): Promise<DiscordBench> {
    const discord = await FakeDiscord.start({ token, ...options });
    const place = town(discord);
    await prepare(discord, place);
    return new DiscordBench(discord, place, await DiscordApp.start(settings(discord, env)));
  }

  /** The town as the application tells of it now. */
  get snapshot() {
    return this.app.guilds.snapshot(this.place.guild.id)!;
  }

  /** Someone's entry in the snapshot of the town. */
  entry(userId: string) {
    return this.snapshot.members.find(({ id }) => id === userId);
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.discord.stop();
  }
}
