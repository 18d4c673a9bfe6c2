import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { GuildSettingsStore } from '../../src/guilds/guild-settings.js';
import { memberOf, presenceOf } from '../support/events.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { WebSocketClient } from '../support/websocket-client.js';

const docs = '482241773318701056';
const repos = '987654321098765432';
const resident = memberOf('223456789012345001', { displayName: 'nntin.xyz/me' });

describe('a guild whose operator changes its door', () => {
  let app: TestApp;
  let settings: GuildSettingsStore;
  beforeAll(async () => {
    app = await startTestApp();
    settings = app.app.get(GuildSettingsStore, { strict: false });
  });
  afterAll(() => app.close());

  it.each([
    ['guarded', docs, { door: 'password' as const }, 'guild.guarded'],
    ['no longer shown', repos, { enabled: false }, 'guild.not_found'],
  ])('lets those inside out when it is %s', async (_name, guildId, patch, code) => {
    const client = await SocketIoClient.open(app.url);
    const { cursor } = await client.ask('join', { guildId });
    const zone = await WebSocketClient.open(app.url, `/ws/guilds/${guildId}`);
    await zone.nextOf('server-join');
    await settings.save(guildId, patch);
    await vi.waitFor(() => expect(client.events.map(({ type }) => type)).toEqual(['guild.removed']), {
      timeout: 10_000,
    });
    expect((await zone.nextOf('server-join')).data.serverName).toBe('D-World');
    await app.log.append(presenceOf(guildId, resident, 'dnd'));
    expect((await client.ask('join', { guildId, cursor })).error?.code).toBe(code);
    expect((await zone.settled()).filter(({ server }) => server === guildId)).toEqual([]);
    expect(client.events).toHaveLength(1);
    client.close();
    await zone.close();
  });

  it('starts anew for those who come back with a cursor from before', async () => {
    await settings.save('232769614004748288', { door: 'password' });
    await settings.save('232769614004748288', { door: null });
    const client = await SocketIoClient.open(app.url);
    const guildId = '232769614004748288';
    await vi.waitFor(async () => expect((await client.ask('join', { guildId })).error).toBeUndefined(), {
      timeout: 10_000,
    });
    const { cursor } = await client.ask('join', { guildId });
    await app.log.append({ type: 'guild.removed', guildId, data: {} });
    await app.log.append(presenceOf(guildId, memberOf('123456789012345001'), 'idle'));
    const again = await client.ask('join', { guildId, cursor });
    expect(again).toMatchObject({ recovered: false, snapshot: { guild: { memberCount: 4 } } });
    client.close();
  });
});
