import { type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Logger } from '@nestjs/common';
import { ownerSetting } from './occupant.js';
import { type PostgresUser } from './postgres-user.js';
import { socketPort } from './socket-directory.js';

/** Small, since it shares the machine with us; how safely it writes is left as Postgres has it. */
const settings = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  shared_buffers: '64MB',
  max_connections: '60',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // We read its log: plain, in English, and on stderr.
  log_destination: 'stderr',
  logging_collector: 'off',
  log_line_prefix: '',
  log_checkpoints: 'off',
  lc_messages: 'C',
};

/** After how many milliseconds a stop stops asking and insists. No data is lost: the next start repeats the log. */
const stopPatience = 10_000;
const logger = new Logger('Postgres');

export class Postmaster {
  /** Resolves when the process has ended, for whatever reason. */
  readonly ended: Promise<void>;

  private constructor(private readonly child: ChildProcess) {
    const over = child.exitCode !== null || child.signalCode !== null;
    this.ended = over ? Promise.resolve() : new Promise((resolve) => child.once('exit', () => resolve()));
  }

  /** Resolves when it takes connections. @throws PostmasterFault */
  static async start(user: PostgresUser, directory: { data: string; socket: string }): Promise<Postmaster> {
    const all = { ...settings, [ownerSetting]: String(process.pid) };
    const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const args = ['-D', directory.data, '-k', directory.socket, '-p', String(socketPort), ...flags];
    const child = user.spawn('postgres', args, ['ignore', 'ignore', 'pipe']);
    const lines: string[] = [];
    let ready = false;
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stderr! }).on('line', (line) => {
        // Faults of statements are told to who sent them; here they might only leak what was in them.
        if (ready && /^(LOG|WARNING|FATAL|PANIC):/.test(line)) logger.debug(line);
        if (!ready) lines.push(line);
        ready ||= line.includes('ready to accept connections');
        if (ready) resolve();
      });
      child.once('error', (error) => reject(new PostmasterFault([error.message])));
      child.once('close', () => reject(new PostmasterFault(lines)));
    });
    return new Postmaster(child);
  }

  async stop(): Promise<void> {
    this.child.kill('SIGINT');
    const insist = setTimeout(() => this.child.kill('SIGQUIT'), stopPatience);
    await this.ended;
    clearTimeout(insist);
  }
}

export class PostmasterFault extends Error {
  /** Another one is at work on the directory, or has left memory that its last processes still use. */
  readonly locked: boolean;

  constructor(lines: string[]) {
    const telling = lines.filter((line) => /^(FATAL|PANIC|DETAIL):/.test(line));
    super((telling.length > 0 ? telling : lines.slice(-1)).map((line) => line.replace(/^\w+:\s+/, '')).join('; '));
    this.name = 'PostmasterFault';
    this.locked = lines.some((line) => /lock file .* already exists|is still in use/.test(line));
  }
}
