import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Injectable } from '@nestjs/common';

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const root = path.join(import.meta.dirname, '../..');

/**
 * What the page shares with `guildcast/client`, as it was built. The way to the folder is the same from the sources and
 * from the built program.
 */
const builtFolder = path.join(root, 'dist');
const builtModules = [
  'client/backoff.js',
  'client/client-fault.js',
  'client/client-socket.js',
  'client/closing-message.js',
  'client/cursor-step.js',
  'client/emitter.js',
  'client/guild-client.js',
  'client/guild-view.js',
  'client/join-answer.js',
  'client/room-session.js',
  'domain/closing.js',
  'domain/cursor.js',
  'domain/guild-state.js',
  'domain/role-color.js',
];

export interface ConsoleFile {
  body: Buffer;
  contentType: string;
  /** Strong, from the content. */
  etag: string;
}

/** The page's files, read once: a request can only name one of these, so no path ever reaches the disk. */
@Injectable()
export class ConsoleFiles {
  private readonly files = new Map([
    ...readFolder(path.join(import.meta.dirname, 'public')),
    ...readModules(builtFolder, builtModules),
  ]);

  /** By its place in the page's own folder, such as `app.js` or `client/guild-client.js`. */
  find(name: string): ConsoleFile | undefined {
    return this.files.get(name);
  }
}

function readFolder(folder: string): [string, ConsoleFile][] {
  return readdirSync(folder).flatMap((name) => {
    const contentType = contentTypes[path.extname(name)];
    return contentType === undefined ? [] : [[name, fileOf(readFileSync(path.join(folder, name)), contentType)]];
  });
}

/** @throws Error when a module is missing: the program runs from its sources and was never built. */
export function readModules(folder: string, names: readonly string[]): [string, ConsoleFile][] {
  return names.map((name) => [name, fileOf(readBuilt(path.join(folder, name)), contentTypes['.js']!)]);
}

function readBuilt(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const message = `The console needs ${path.relative(root, file)}, which is not there: run \`npm run build\` first.`;
    throw new Error(message, { cause });
  }
}

function fileOf(body: Buffer, contentType: string): ConsoleFile {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  return { body, contentType, etag };
}
