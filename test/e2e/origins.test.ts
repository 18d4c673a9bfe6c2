import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SocketIoClient } from '../support/socket-io-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { WebSocketClient } from '../support/websocket-client.js';

const friend = 'https://friend.example';
const stranger = 'https://stranger.example';

describe('a list of origins', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({ CORS_ORIGINS: `${friend}, https://other.example` });
  });
  afterAll(() => app.close());

  const webSocket = (origin?: string) => WebSocketClient.open(app.url, '/ws', origin === undefined ? {} : { origin });
  const socketIo = (origin: string, transport: string) =>
    SocketIoClient.open(app.url, { transports: [transport], extraHeaders: { origin } });

  it('lets the pages on it, our own and programs open sockets', async () => {
    for (const origin of [friend, app.url, undefined]) {
      const client = await webSocket(origin);
      expect((await client.next()).type).toBe('server-list');
      await client.close();
    }
    for (const transport of ['websocket', 'polling']) (await socketIo(friend, transport)).close();
  });

  it('refuses every other page, on both', async () => {
    await expect(webSocket(stranger)).rejects.toThrow('403');
    await expect(webSocket('null')).rejects.toThrow('403');
    await expect(webSocket(`${friend}.evil.example`)).rejects.toThrow('403');
    for (const transport of ['websocket', 'polling']) await expect(socketIo(stranger, transport)).rejects.toThrow();
  });

  it('lets browsers read over HTTP from there alone', async () => {
    const allowed = async (origin: string) =>
      (await fetch(`${app.url}/api/v1/guilds`, { headers: { origin } })).headers.get('access-control-allow-origin');
    expect(await allowed(friend)).toBe(friend);
    expect(await allowed(stranger)).toBeNull();
  });
});
