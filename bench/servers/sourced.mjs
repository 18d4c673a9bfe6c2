// The real application with guilds from a Postgres, and one from a source that says what the benchmark wants it to.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { RoomReconciler } from '../../dist/gateway/room-reconciler.js';
import { DataProvider } from '../../dist/providers/data-provider.js';
import { obey } from '../orders.mjs';
import { largeMembers, toldGuild } from './large-guild.mjs';
import { openForBenchmark } from './open.mjs';

let members = largeMembers(Number(process.env.SOURCE_MEMBERS));

class ToldProvider extends DataProvider {
  name = 'told';
  guild = { id: toldGuild.id, name: toldGuild.name, iconUrl: null };

  listGuilds() {
    return Promise.resolve([this.guild]);
  }

  loadGuild(guildId) {
    return Promise.resolve(guildId === toldGuild.id ? { guild: this.guild, members, partial: [] } : undefined);
  }
}

const app = await openForBenchmark({
  sources: { told: ToldProvider },
  env: {
    DATA_PROVIDERS: 'told,postgres',
    POSTGRES_SOURCE_URL: process.env.SOURCE_URL,
    POSTGRES_SOURCE_CHANNEL: 'off',
    // Looks are asked for, so that none comes while another thing is measured.
    PROVIDER_POLL_SECONDS: '86400',
    PROVIDER_TIMEOUT_MS: '120000',
    POSTGRES_SOURCE_STATEMENT_TIMEOUT_MS: '120000',
  },
});
const reconciler = app.nest.get(RoomReconciler, { strict: false });
const stops = monitorEventLoopDelay({ resolution: 1 });
const someTicks = 10;

obey({
  /** One of so many members of the told guild has another status from now on. Answers how many that are. */
  change: (oneOf) => {
    const turned = (status) => (status === 'online' ? 'idle' : 'online');
    const former = members;
    members = former.map((member, index) =>
      index % oneOf === 0 ? { ...member, status: turned(member.status) } : member,
    );
    return members.filter((member, index) => member !== former[index]).length;
  },
  /** One look at the guild's source. Answers how many events that made. */
  poll: (guildId) => reconciler.refresh(guildId),
  watchStops: async () => {
    stops.enable();
    // It counts from one of its ticks to the next.
    await wait(someTicks);
    stops.reset();
  },
  /** The longest time since then for which the event loop did one thing, in milliseconds. */
  longestStop: async () => {
    await wait(someTicks);
    stops.disable();
    return stops.max / 1e6;
  },
});
process.send({ port: Number(new URL(app.url).port) });
