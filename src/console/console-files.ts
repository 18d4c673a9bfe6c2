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

export interface ConsoleFile {
  body: Buffer;
  contentType: string;
  /** Strong, from the content. */
  etag: string;
}

/** The page's files, read once: a request can only name one of these, so no path ever reaches the disk. */
@Injectable()
export class ConsoleFiles {
  private readonly files = readFolder(path.join(import.meta.dirname, 'public'));

  find(name: string): ConsoleFile | undefined {
    return this.files.get(name);
  }
}

function readFolder(folder: string): Map<string, ConsoleFile> {
  const files = new Map<string, ConsoleFile>();
  for (const name of readdirSync(folder)) {
    const contentType = contentTypes[path.extname(name)];
    if (contentType === undefined) continue;
    const body = readFileSync(path.join(folder, name));
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
    files.set(name, { body, contentType, etag });
  }
  return files;
}
