// Many who join, all at once, a guild that nobody has asked for yet: how often its source is asked, and how long it takes.
import { ask } from '../orders.mjs';
import { cpuSeconds, end, generatorCore, pinned, startServer } from '../pinned.mjs';
import { forgetStatements, guildIdAt, seenStatements } from './fixture.mjs';

/** The first guild warms up: compilers, connections, buffers. */
const warmUp = { guildId: guildIdAt(0), clients: 20 };
/** A share of what is expected: a piece of a stream may end inside the text that is looked for. */
const enough = 0.99;

export const states = { cold: 'in no cache', open: 'its room is open' };
/** How many guilds there must be for so many rounds. */
export const guildsFor = (rounds) => rounds + 1;

const aimAt = (server, guildId) => ({
  kind: 'socket.io',
  port: server.port,
  join: `420["join",{"guildId":"${guildId}"}]`,
});

async function joinAll({ generator, server, url, guildId, joins }) {
  await ask(generator, 'open', { ...aimAt(server, guildId), clients: joins });
  try {
    await forgetStatements(url);
    const cpu = cpuSeconds(server.pid);
    const at = performance.now();
    const { bytes, places } = await ask(generator, 'join');
    const seconds = (performance.now() - at) / 1000;
    if (places !== 1) throw new Error(`${places} snapshots of a guild that did not change`);
    return { joins, seconds, cpu: cpuSeconds(server.pid) - cpu, bytes: bytes / joins, ...(await seenStatements(url)) };
  } finally {
    await ask(generator, 'close');
  }
}

/** Each round has a guild of its own, which is joined twice: when nobody has asked for it, and when its room is open. */
export async function measureFirstJoins({ url, fixture, joins, rounds, say }) {
  const env = { DATABASE_URL: url, SOURCE_URL: fixture.sourceUrl, SOURCE_MEMBERS: String(fixture.members) };
  const generator = pinned('joiner.mjs', generatorCore);
  let server;
  const figures = [];
  try {
    server = await startServer('servers/sourced.mjs', { env });
    const target = aimAt(server, warmUp.guildId);
    const found = await ask(generator, 'look', { target, text: '"displayName"' });
    if (found < fixture.members * enough) throw new Error(`${found} members of ${fixture.members} in an answer`);
    await joinAll({ generator, server, url, guildId: warmUp.guildId, joins: Math.min(joins, warmUp.clients) });
    for (let round = 1; round <= rounds; round += 1) {
      const guildId = guildIdAt(round);
      for (const state of Object.values(states)) {
        const figure = await joinAll({ generator, server, url, guildId, joins });
        figures.push({ part: 'joins', round, state, ...figure });
        const { seconds, cpu, loads, lists, looks, others } = figure;
        say(
          `round ${round}  ${joins} joins, ${state}: ${seconds.toFixed(2)} s, ${cpu.toFixed(2)} CPU s, ${loads} readings of members, ${lists + looks + others} other statements`,
        );
      }
    }
  } finally {
    await server?.stop();
    await end(generator, 'SIGKILL');
  }
  return figures;
}
