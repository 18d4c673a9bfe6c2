// What a reading of the large guild costs: from each source, and where it was kept.
import { createServer } from 'node:http';
import { startServer } from '../pinned.mjs';
import { guildIdAt } from './fixture.mjs';

/** Readings of each that make one figure, and of those that cost next to nothing. */
const few = 5;
const many = 50_000;

/** `part` is the table that a way of reading is in; `label` says it there. */
export const ways = {
  kept: { part: 'kept', times: many, label: 'the kept answer' },
  'kept bytes': { part: 'kept', times: many, label: "the kept answer, and the room's ready bytes" },
  'postgres bytes': { part: 'kept', times: few, label: 'read from Postgres, and made into bytes' },
  mock: { part: 'reads', times: few, label: 'mock' },
  'file, as before': { part: 'reads', times: few, label: 'file (JSON) that is as before' },
  'file, changed': { part: 'reads', times: few, label: 'file (JSON) that is new or has changed' },
  'http, confirmed': { part: 'reads', times: few, label: 'http, an answer that its server confirms (304)' },
  http: { part: 'reads', times: few, label: 'http, a whole answer' },
  // Both tables have it.
  postgres: { part: 'reads', times: few, label: 'postgres' },
};
export const partsOfReads = ['kept', 'reads'];

/** Answers with the guild, with a validator or without one. */
async function serveJson(body) {
  const bytes = Buffer.from(body);
  const validator = '"benchmark"';
  const server = createServer(({ url, headers }, response) => {
    const confirmed = url.startsWith('/confirmed/');
    response.setHeader('content-type', 'application/json');
    if (confirmed) response.setHeader('etag', validator);
    if (confirmed && headers['if-none-match'] === validator) return response.writeHead(304).end();
    response.setHeader('content-length', bytes.length);
    return response.end(bytes);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A figure for each way and round, in milliseconds for one reading. The first round only warms up. */
export async function measureReads({ fixture, parts, rounds, say }) {
  const json = await serveJson(fixture.body);
  let reader;
  const figures = [];
  try {
    reader = await startServer('sources/reader.mjs', {
      flags: ['--expose-gc'],
      env: {
        SOURCE_URL: fixture.sourceUrl,
        SOURCE_FILE: fixture.file,
        SOURCE_HTTP: json.url,
        SOURCE_GUILD: guildIdAt(0),
        SOURCE_MEMBERS: String(fixture.members),
      },
    });
    const chosen = Object.entries(ways).filter(([way, { part }]) => parts.includes(part) || way === 'postgres');
    for (let round = 0; round <= rounds; round += 1) {
      for (const [way, { times }] of chosen) {
        const { cpu, wall, size } = await reader.ask('read', { way, times });
        const least = way.endsWith('bytes') ? fixture.documentBytes / 2 : fixture.members;
        if (size < least) throw new Error(`${way}: ${size} where at least ${least} was expected`);
        if (round === 0) continue;
        figures.push({ part: 'reads', round, way, cpu, wall, size });
        say(`round ${round}  ${way}: ${cpu.toPrecision(3)} ms of CPU, ${wall.toPrecision(3)} ms`);
      }
    }
  } finally {
    json.close();
    await reader?.stop();
  }
  return figures;
}
