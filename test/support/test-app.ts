import { type AddressInfo } from 'node:net';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { type AppConfig, readConfig } from '../../src/app.config.js';
import { AppModule, type AppResources } from '../../src/app.module.js';
import { setUpApp } from '../../src/app.setup.js';
import { EventLog } from '../../src/event-log/event-log.js';
import { Readiness } from '../../src/rest/readiness.js';
import { apiKeysOf } from './api-keys.js';
import { createTestDatabase } from './test-database.js';

/** Keys of the test application, one for each scope. */
export const testKeys = {
  admin: 'test-admin-key-0001',
  publish: 'test-publish-key-0001',
  consume: 'test-consume-key-0001',
  read: 'test-read-key-0001',
  metrics: 'test-metrics-key-0001',
};

export interface TestApp {
  app: NestExpressApplication;
  url: string;
  /** What happens in the guilds: append to it, and every room hears. */
  log: EventLog;
  config: AppConfig;
  close(): Promise<void>;
}

/**
 * The whole application in this process, on a free port and a fresh database, as `main.ts` puts it together. The demo
 * guilds stand still unless `MOCK_PACE` says otherwise.
 */
export async function startTestApp(
  env: Record<string, string> = {},
  { plugins = [] }: Pick<AppResources, 'plugins'> = {},
): Promise<TestApp> {
  const database = await createTestDatabase();
  const config = readConfig({
    PORT: '0',
    LOG_LEVEL: 'silent',
    MOCK_PACE: '0',
    MOCK_SEED: '1',
    // An event that a test appends gets its place at once.
    PRESENCE_WINDOW_MS: '0',
    API_KEYS: Object.entries(testKeys)
      .map((entry) => entry.join('='))
      .join(','),
    DATABASE_URL: database.url,
    ...env,
  });
  const resources = { connection: { url: database.url }, apiKeys: apiKeysOf(config.API_KEYS), plugins };
  const module = await Test.createTestingModule({ imports: [AppModule.forRoot(config, resources)] }).compile();
  const app = module.createNestApplication<NestExpressApplication>({
    bufferLogs: true,
    bodyParser: false,
    forceCloseConnections: true,
  });
  setUpApp(app, config);
  await app.listen(0, '127.0.0.1');
  const readiness = app.get(Readiness, { strict: false });
  readiness.ready();
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    app,
    url: `http://127.0.0.1:${port}`,
    log: app.get(EventLog),
    config,
    close: async () => {
      readiness.drain();
      await app.close();
      await database.drop();
    },
  };
}
