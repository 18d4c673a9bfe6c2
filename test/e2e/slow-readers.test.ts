import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GuildRooms } from '../../src/gateway/guild-rooms.js';
import { memberOf, messageOf } from '../support/events.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { WebSocketClient } from '../support/websocket-client.js';

const docs = '482241773318701056';
const author = memberOf('223456789012345001', { displayName: 'nntin.xyz/me' });
const bound = 16_384;

let app: TestApp;
beforeEach(async () => {
  app = await startTestApp({ SLOW_CLIENT_BYTES: String(bound) });
});
afterEach(() => app.close());

async function say(count: number, length = 2_000): Promise<void> {
  for (let n = 0; n < count; n += 1) await app.log.append(messageOf(docs, author, 'x'.repeat(length)));
}

describe('readers that do not read', () => {
  it('cost a bounded amount on socket.io polling, and nobody else anything', async () => {
    const healthy = await SocketIoClient.open(app.url);
    await healthy.ask('join', { guildId: docs });
    // By hand, since the library would poll.
    const hello = await (await fetch(`${app.url}/socket.io/?EIO=4&transport=polling`)).text();
    const { sid } = JSON.parse(hello.slice(1)) as { sid: string };
    const address = `${app.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`;
    await fetch(address, { method: 'POST', body: '40' });
    await fetch(address, { method: 'POST', body: `42["join",{"guildId":"${docs}"}]` });
    const occupants = () => app.app.get(GuildRooms).peek(docs)?.occupants;
    await vi.waitFor(() => expect(occupants()).toBe(2));
    // Turn by turn, and in less time than any periodic look takes to come round.
    for (let n = 0; n < 8; n += 1) {
      await say(64);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await vi.waitFor(() => expect(occupants()).toBe(1), { timeout: 2_000 });
    // What waited for it is there, the reason is the last of it, and then there is nothing any more.
    const rest = await (await fetch(address)).text();
    expect(rest.length).toBeLessThan(bound * 20);
    expect(rest).toContain('42["closing",{"code":3008,"reason":"slow-consumer"');
    await vi.waitFor(async () => expect((await fetch(address)).status).toBe(400));
    await say(1);
    await vi.waitFor(() => expect(healthy.events).toHaveLength(513));
    healthy.close();
  });

  it('are not those who get a long answer to their resume', async () => {
    const first = await WebSocketClient.open(app.url);
    first.connect({ server: 'docs' });
    const { cursor } = (await first.nextOf('server-join')).data;
    await first.close();
    // More than a socket's buffers take at once, and far above the bound.
    await say(3_000, 4_000);
    const second = await WebSocketClient.open(app.url);
    second.connect({ server: 'docs', resume: cursor });
    expect((await second.nextOf('server-join')).data.recovered).toBe(true);
    await say(1);
    await second.until(() => second.frames.filter(({ type }) => type === 'message').length === 3_001, 15_000);
    expect(second.closed).toBeUndefined();
    expect(second.frames.filter(({ type }) => type === 'message')).toHaveLength(3_001);
    await second.close();
  });
});
