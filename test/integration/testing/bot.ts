import { once } from 'node:events';
import { Client, type ClientOptions, Events, GatewayIntentBits, Partials } from 'discord.js';
import { type FakeDiscord } from '../../../src/testing/fake-discord/index.js';

export const allIntents = [
  GatewayIntentBits.Guilds,
  GatewayIntentBits.GuildMembers,
  GatewayIntentBits.GuildPresences,
  GatewayIntentBits.GuildMessages,
  GatewayIntentBits.DirectMessages,
  GatewayIntentBits.MessageContent,
];

/** A real discord.js client that finds its Discord at the fake's address, and is not logged in yet. */
export function newBot(discord: FakeDiscord, options: Partial<ClientOptions> = {}): Client {
  return new Client({
    intents: allIntents,
    partials: [Partials.Channel],
    ...options,
    rest: { api: discord.apiUrl, ...options.rest },
    // Discord wants five seconds between two IDENTIFYs, the fake does not.
    ws: { large_threshold: 250, buildIdentifyThrottler: () => ({ waitForIdentify: () => Promise.resolve() }) },
  });
}

export async function logIn(discord: FakeDiscord, options: Partial<ClientOptions> = {}): Promise<Client<true>> {
  const bot = newBot(discord, options);
  const ready = once(bot, Events.ClientReady);
  await bot.login(discord.token);
  await ready;
  return bot as Client<true>;
}
