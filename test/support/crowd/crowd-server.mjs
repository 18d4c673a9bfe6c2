// The built application in a process of its own, whose memory can be looked at: started with --expose-gc, spoken to over
// IPC. See crowd-server.ts.
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const built = (file) => import(pathToFileURL(path.join(import.meta.dirname, '../../../dist', file)).href);

const { readConfig } = await built('app.config.js');
const { openApp } = await built('app.open.js');
const { EventLog } = await built('event-log/event-log.js');
const { Metrics } = await built('telemetry/metrics.js');
const app = await openApp(readConfig(process.env), { say: () => undefined });
const log = app.nest.get(EventLog, { strict: false });
const metrics = app.nest.get(Metrics, { strict: false });

const author = { id: '123456789012345001', username: 'vegeta897', displayName: 'vegeta897', roleColor: '#ff6b6b' };
let said = 0n;

function message(guildId, length) {
  said += 1n;
  const data = {
    id: String(900_000_000_000_000_000n + said),
    channelId: '527964146659229701',
    channelName: 'general',
    author: { ...author, bot: false },
    content: `at ${Date.now()} `.padEnd(length, 'x'),
    attachments: 0,
    createdAt: new Date().toISOString(),
  };
  return { type: 'message.created', guildId, data };
}

const orders = {
  async publish({ guildId, count, burst, length }) {
    for (let left = count; left > 0; left -= burst) {
      for (let n = 0; n < Math.min(burst, left); n += 1) void log.append(message(guildId, length));
      await turn();
    }
    return log.position(guildId);
  },
  /** Twice, since some of what is collected only lets go of its buffers in the turn after. */
  async memory() {
    for (let n = 0; n < 2; n += 1) {
      globalThis.gc();
      await turn();
    }
    return process.memoryUsage();
  },
  metrics: () => metrics.expose(),
};

process.on('message', async ({ number, order, ...content }) => {
  process.send({ number, answer: await orders[order](content) });
});
process.on('disconnect', () => process.exit(0));
process.send({ url: app.url });
