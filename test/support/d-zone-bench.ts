import { type ClientRequestArgs } from 'node:http';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type ClientOptions } from 'ws';
import { startTestApp, type TestApp } from './test-app.js';
import { WebSocketClient } from './websocket-client.js';

export interface DZoneBench {
  /** There once the tests run. */
  app: TestApp;
  open: (path?: string, options?: ClientOptions & ClientRequestArgs) => Promise<WebSocketClient>;
  /** A client that has read its server list and asked for a server. */
  joined: (server: unknown, data?: Record<string, unknown>) => Promise<WebSocketClient>;
}

/** An application and its d-zone clients for one test file; clients end with their test. */
export function dZoneBench(env: Record<string, string> = {}): DZoneBench {
  const clients: WebSocketClient[] = [];
  const bench = {
    open: async (path, options) => {
      const client = await WebSocketClient.open(bench.app.url, path, options);
      clients.push(client);
      return client;
    },
    joined: async (server, data = {}) => {
      const client = await bench.open();
      await client.nextOf('server-list');
      client.connect({ server, ...data });
      return client;
    },
  } as DZoneBench;
  beforeAll(async () => {
    bench.app = await startTestApp(env);
  });
  afterAll(() => bench.app.close());
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
  });
  return bench;
}
