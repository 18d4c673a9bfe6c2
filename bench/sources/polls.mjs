// What it costs to compare a large guild with what its room shows, and to tell those inside what is different.
import { ask } from '../orders.mjs';
import { cpuSeconds, end, generatorCore, pinned, startServer } from '../pinned.mjs';
import { toldGuild } from '../servers/large-guild.mjs';
import { guildIdAt } from './fixture.mjs';

/** `oneOf`: every how manyeth member has another status; `read`: from Postgres instead of out of memory. */
export const changes = {
  none: { label: 'nothing changed' },
  few: { label: '1 % of the presences changed', oneOf: 100 },
  all: { label: 'all presences changed', oneOf: 1 },
  read: { label: 'nothing changed, read from Postgres', read: true },
};

async function poll({ generator, server, listeners, change }) {
  const expected = change.oneOf === undefined ? 0 : await server.ask('change', change.oneOf);
  await server.ask('watchStops');
  const cpu = cpuSeconds(server.pid);
  const at = performance.now();
  const events = await server.ask('poll', change.read ? guildIdAt(0) : toldGuild.id);
  const deliveries = await ask(generator, 'hear', expected * listeners);
  const wall = performance.now() - at;
  const used = (cpuSeconds(server.pid) - cpu) * 1000;
  const longestStop = await server.ask('longestStop');
  if (events !== expected) throw new Error(`${change.label}: ${events} events instead of ${expected}`);
  if (deliveries !== events * listeners) throw new Error(`${deliveries} deliveries instead of ${events * listeners}`);
  return { events, deliveries, cpu: used, wall, longestStop };
}

/** A figure for each change and round, in milliseconds for one look at the source. The first round only warms up. */
export async function measurePolls({ url, fixture, listeners, rounds, say }) {
  const env = { DATABASE_URL: url, SOURCE_URL: fixture.sourceUrl, SOURCE_MEMBERS: String(fixture.members) };
  const generator = pinned('joiner.mjs', generatorCore);
  let server;
  const figures = [];
  try {
    server = await startServer('servers/sourced.mjs', { env });
    const join = `420["join",{"guildId":"${toldGuild.id}"}]`;
    await ask(generator, 'open', { kind: 'socket.io', port: server.port, join, clients: listeners });
    await ask(generator, 'join');
    for (let round = 0; round <= rounds; round += 1) {
      for (const change of Object.values(changes)) {
        const figure = await poll({ generator, server, listeners, change });
        if (round === 0) continue;
        figures.push({ part: 'polls', round, change: change.label, ...figure });
        const { events, deliveries, cpu, wall, longestStop } = figure;
        say(
          `round ${round}  ${change.label}: ${events} events, ${deliveries} deliveries, ${cpu.toFixed(1)} ms of CPU, ${wall.toFixed(0)} ms, longest stop ${longestStop.toFixed(0)} ms`,
        );
      }
    }
  } finally {
    await server?.stop();
    await end(generator, 'SIGKILL');
  }
  return figures;
}
