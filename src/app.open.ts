import { type AddressInfo } from 'node:net';
import path from 'node:path';
import { NestFactory } from '@nestjs/core';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { ApiKeys } from './access/api-keys.js';
import { hasAdminKey } from './access/access.config.js';
import { loadAdminKey } from './access/admin-key.js';
import { type AppConfig } from './app.config.js';
import { AppModule } from './app.module.js';
import { setUpApp } from './app.setup.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './database/embedded-postgres.js';
import { StartupError } from './database/startup-error.js';
import { loadPlugins } from './providers/plugins.js';
import { startLogger } from './telemetry/quiet-start.logger.js';
import { Readiness } from './rest/readiness.js';

export interface OpenApp {
  nest: NestExpressApplication;
  /** Where it listens, without a slash at its end. */
  url: string;
  adminKey: { file: string; created: boolean } | undefined;
  /** Drains, then stops the embedded database. */
  close(): Promise<void>;
}

/**
 * Everything from the settings to a listening port: database, keys, application.
 * @throws StartupError for what the operator can mend; nothing is left running then.
 */
export async function openApp(config: AppConfig, { say }: { say: (line: string) => void }): Promise<OpenApp> {
  // Before anything is started: what is wrong with one is the operator's to mend.
  const plugins = await loadPlugins(config.providers.plugins, process.env);
  const database = await openDatabase(config, say);
  let nest: NestExpressApplication | undefined;
  try {
    const admin = hasAdminKey(config.API_KEYS) ? undefined : await adminKey(config.DATA_DIR);
    const apiKeys = new ApiKeys([...config.API_KEYS, ...(admin ? [{ scope: 'admin' as const, key: admin.key }] : [])]);
    const module = AppModule.forRoot(config, {
      connection: { url: database.url, poolSize: config.DATABASE_POOL_SIZE },
      apiKeys,
      plugins,
    });
    nest = await NestFactory.create<NestExpressApplication>(module, {
      logger: startLogger(config),
      abortOnError: false,
      bodyParser: false,
      forceCloseConnections: true,
    });
    setUpApp(nest, config);
    await listen(nest, config);
    const readiness = nest.get(Readiness, { strict: false });
    readiness.ready();
    const app = nest;
    return {
      nest,
      url: urlOf(nest, config.HOST),
      adminKey: admin && { file: admin.file, created: admin.created },
      close: async () => {
        readiness.drain();
        await app.close();
        await database.stop();
      },
    };
  } catch (error) {
    await nest?.close().catch(() => undefined);
    await database.stop();
    throw error;
  }
}

async function openDatabase(config: AppConfig, say: (line: string) => void): Promise<EmbeddedPostgres> {
  const { DATABASE_URL: url } = config;
  if (url !== undefined) return { url, stop: () => Promise.resolve() };
  return startEmbeddedPostgres({ dataDir: path.resolve(config.DATA_DIR, 'postgres'), log: say });
}

async function adminKey(dataDir: string): ReturnType<typeof loadAdminKey> {
  try {
    return await loadAdminKey(dataDir);
  } catch (error) {
    throw new StartupError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

async function listen(nest: NestExpressApplication, { HOST, PORT }: AppConfig): Promise<void> {
  try {
    await nest.listen(PORT, HOST);
  } catch (error) {
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
    throw listenFault(code, HOST, PORT, error) ?? error;
  }
}

function listenFault(code: unknown, host: string, port: number, cause: unknown): StartupError | undefined {
  if (code === 'EADDRINUSE') {
    return new StartupError(
      `Port ${port} on ${host} is taken by another program: stop that one, or set PORT to another (0 takes a free one).`,
      { cause },
    );
  }
  if (code === 'EACCES') {
    return new StartupError(`Port ${port} needs rights that this user does not have: set PORT to one above 1023.`, {
      cause,
    });
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new StartupError(`HOST ${host} is not an address of this machine.`, { cause });
  }
  return undefined;
}

function urlOf(nest: NestExpressApplication, host: string): string {
  const { port } = nest.getHttpServer().address() as AddressInfo;
  // Every address of the machine: this one always works from here.
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${shown}:${port}`;
}
