// The built application in a process of its own, so that it can be killed, with a data source that asks its parent.
// Spoken to over IPC: see room-server.ts. ROOM_SERVER_DIST names another build, to see the property fail on it.
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const dist = process.env.ROOM_SERVER_DIST || path.join(import.meta.dirname, '../../dist');
const built = (file) => import(pathToFileURL(path.join(dist, file)).href);

const guilds = JSON.parse(process.env.ROOM_SERVER_GUILDS);
const questions = new Map();
let asked = 0;

const { DataProvider } = await built('providers/data-provider.js');
class ParentProvider extends DataProvider {
  name = 'parent';
  // Its events come from the parent as they are; what it says is not compared with them.
  live = true;

  listGuilds() {
    return Promise.resolve(guilds.map((id) => this.describe(id)));
  }

  async loadGuild(guildId) {
    if (!guilds.includes(guildId)) return undefined;
    const number = ++asked;
    const members = await new Promise((resolve) => {
      questions.set(number, resolve);
      process.send({ say: 'load', number, guildId });
    });
    return { guild: this.describe(guildId), members, partial: [] };
  }

  describe(id) {
    return { id, name: `Guild ${id}`, iconUrl: null, suggested: { alias: `guild-${id}`, default: id === guilds[0] } };
  }
}

// A data source is one line in the registry, and the settings derive their choices from it.
const { providerNames, providerRegistry } = await built('providers/provider-registry.js');
providerRegistry.parent = { provider: ParentProvider, settings: providerRegistry['discord-gateway'].settings };
providerNames.push('parent');

const { readConfig } = await built('app.config.js');
const { openApp } = await built('app.open.js');
const { EventLog } = await built('event-log/event-log.js');
const { GuildRooms } = await built('gateway/guild-rooms.js');
const app = await openApp(readConfig(process.env), { say: () => undefined });
const log = app.nest.get(EventLog, { strict: false });
const rooms = app.nest.get(GuildRooms, { strict: false });

const orders = {
  /** All in one tick, as a burst comes. */
  append: async ({ events }) => {
    const placed = await Promise.all(events.map((event) => log.append(event)));
    return placed.map(({ cursor, at }) => ({ cursor, at }));
  },
  /** What the house does by itself with a room that nobody is in. */
  sweep: ({ guildId }) => {
    if (rooms.peek(guildId)?.occupants === 0) rooms.close(guildId);
  },
  /** Whoever is left in the room belongs to a schedule that has ended. */
  close: async ({ guildId }) => {
    // A room whose source has just answered comes up first.
    await setImmediate();
    rooms.close(guildId);
  },
  loaded: ({ question, members }) => {
    questions.get(question)?.(members);
    questions.delete(question);
  },
};

process.on('message', async ({ number, order, ...content }) => {
  const answer = await orders[order](content);
  if (number !== undefined) process.send({ say: 'answer', number, answer: answer ?? null });
});
process.on('disconnect', () => process.exit(0));
process.send({ say: 'ready', url: app.url, place: await log.position(guilds[0]) });
