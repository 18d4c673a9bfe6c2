// The built application in a process of its own, with as many guilds as MANY_GUILDS says, of which nobody would want to
// hear one by one over IPC. Spoken to by many-guilds-server.ts.
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const dist = path.join(import.meta.dirname, '../../dist');
const built = (file) => import(pathToFileURL(path.join(dist, file)).href);

const { count, live } = JSON.parse(process.env.MANY_GUILDS);
const idOf = (index) => String(500_000_000_000_000_000n + BigInt(index));
const indexOf = (id) => Number(BigInt(id) - 500_000_000_000_000_000n);
/** All of one name: their short names have to be made different. */
const describe = (id) => ({ id, name: 'One of Many', iconUrl: null });
const memberOf = (id, n) => ({ id: String(BigInt(id) + BigInt(n + 1) * 1_000_000n), username: `member-${n}` });

let asked = 0;
let most = 0;
let asking = 0;
const { DataProvider } = await built('providers/data-provider.js');
class ManyProvider extends DataProvider {
  name = 'many';
  live = live;

  listGuilds() {
    return Promise.resolve(Array.from({ length: count }, (_, index) => describe(idOf(index))));
  }

  async loadGuild(id) {
    if (!(indexOf(id) < count)) return undefined;
    asked += 1;
    asking += 1;
    most = Math.max(most, asking);
    // As a source that has to look somewhere.
    await setImmediate();
    asking -= 1;
    return { guild: describe(id), members: [0, 1, 2].map((n) => memberOf(id, n)) };
  }
}

// A data source is one line in the registry, and the settings derive their choices from it.
const { providerNames, providerRegistry } = await built('providers/provider-registry.js');
providerRegistry.many = { ...providerRegistry['discord-gateway'], provider: ManyProvider };
providerNames.push('many');

const { readConfig } = await built('app.config.js');
const { openApp } = await built('app.open.js');
const { EventLog } = await built('event-log/event-log.js');
const { GuildRooms } = await built('gateway/guild-rooms.js');
const app = await openApp(readConfig(process.env), { say: () => undefined });
const log = app.nest.get(EventLog, { strict: false });
const rooms = app.nest.get(GuildRooms, { strict: false });
/** Events by type, also those that nobody here appended. */
const events = {};
log.subscribe(({ type }) => (events[type] = (events[type] ?? 0) + 1));

const author = {
  id: '600000000000000001',
  username: 'somebody',
  displayName: 'Somebody',
  avatarUrl: null,
  bot: false,
  roleColor: '#112233',
};

function messageTo(guildId, content) {
  const data = {
    id: '900000000000000001',
    channelId: '900000000000000002',
    channelName: 'general',
    author,
    content,
    attachments: 0,
    createdAt: '2026-01-01T00:00:00.000Z',
  };
  return { type: 'message.created', guildId, data };
}

const orders = {
  /** Every room, as visitors would that come a few at a time. */
  open: async () => {
    for (let first = 0; first < count; first += 50) {
      await Promise.all(Array.from({ length: Math.min(50, count - first) }, (_, n) => rooms.open(idOf(first + n))));
    }
  },
  /** One message in every guild, all in one turn. */
  say: async ({ content }) => {
    await Promise.all(Array.from({ length: count }, (_, index) => log.append(messageTo(idOf(index), content))));
  },
  /** Bytes that are in use, without those that only wait for the garbage collector. */
  memory: () => {
    globalThis.gc();
    globalThis.gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },
  state: () => {
    const all = rooms.all();
    return { rooms: all.length, occupants: all.reduce((sum, room) => sum + room.occupants, 0), asked, most, events };
  },
  /** What the house does by itself with rooms that nobody has been in for a while. */
  close: () => {
    for (const room of rooms.all()) if (room.occupants === 0) rooms.close(room.guildId);
  },
};

process.on('message', async ({ number, order, ...content }) => {
  process.send({ say: 'answer', number, answer: (await orders[order](content)) ?? null });
});
process.on('disconnect', () => process.exit(0));
process.send({ say: 'ready', url: app.url });
