import { fileSettings } from '../../../src/providers/file/file-settings.js';
import { FileProvider } from '../../../src/providers/file.provider.js';
import { httpSettings } from '../../../src/providers/http/http-settings.js';
import { HttpProvider } from '../../../src/providers/http.provider.js';
import { type HttpServer } from './http-server.js';

export const townId = '300000000000000001';
export const hallId = '300000000000000002';

/** As d-zone's servers tell them: by their ids, the members apart from the guilds. */
export const servers = {
  [townId]: { id: townId, name: 'Town', passworded: false, default: true },
  [hallId]: { id: hallId, name: 'Hall', passworded: true, default: false },
};
export const users = {
  '310000000000000001': { uid: '310000000000000001', username: 'ada', status: 'online', roleColor: '#ff6b6b' },
  '310000000000000002': { uid: '310000000000000002', username: 'bob', status: 'offline', roleColor: '#99aab5' },
};

/** Serves d-zone's shapes at /servers and /users/{id}. */
export function serveTown(server: HttpServer): void {
  server.json('/servers', servers);
  server.json(`/users/${townId}`, users);
  server.json(`/users/${hallId}`, {});
}

/** The source as its settings make it; private addresses are allowed unless the settings say otherwise. */
export function httpProvider(server: HttpServer, env: Record<string, string> = {}): HttpProvider {
  const settings = {
    HTTP_SOURCE_GUILDS_URL: `${server.url}/servers`,
    HTTP_SOURCE_GUILD_URL: `${server.url}/users/{guildId}`,
    HTTP_SOURCE_ALLOW_PRIVATE: 'true',
    ...env,
  };
  return new HttpProvider(httpSettings.parse(settings));
}

export function fileProvider(root: string, env: Record<string, string> = {}): FileProvider {
  return new FileProvider(fileSettings.parse({ FILE_SOURCE_PATH: root, ...env }));
}

/** The message of the error that it fails with. */
export async function faultOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => new Error('no fault'),
    (reason: unknown) => reason,
  );
  return (error as Error).message;
}
