import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { findProcess } from './process-table.js';
import { socketName } from './socket-directory.js';

/**
 * Who runs a database on the directory. `held`: somebody who lives. `orphan`: a Postgres whose Guildcast is gone, and
 * which is about to end or waits to be told to.
 */
export type Occupant = { kind: 'none' } | { kind: 'held'; by: string } | { kind: 'orphan'; pid: number };

/** Written on Postgres's command line, so that nobody can mistake who started it: its parent, as long as that lives. */
export const ownerSetting = 'guildcast.owner';
const lockFiles = ['postmaster.pid', `${socketName}.lock`];

export async function findOccupant(dataDir: string): Promise<Occupant> {
  const pid = lockedBy(path.join(dataDir, 'postmaster.pid'));
  if (pid === undefined) return { kind: 'none' };
  const running = findProcess(pid);
  if (running?.command.includes(` -D ${dataDir} `)) {
    const owner = new RegExp(`${ownerSetting}=(\\d+) `).exec(running.command)?.[1];
    if (owner === undefined) return { kind: 'held', by: `Postgres, process ${pid}` };
    return Number(owner) === running.parent ? { kind: 'held', by: `process ${owner}` } : { kind: 'orphan', pid };
  }
  // A container that shares the directory has processes we do not see, but its socket is ours to try.
  if (await answers(path.join(dataDir, socketName))) return { kind: 'held', by: 'a process in another container' };
  if (running) for (const file of lockFiles) disarm(path.join(dataDir, file), pid);
  return { kind: 'none' };
}

function lockedBy(file: string): number | undefined {
  try {
    const pid = Math.abs(Number.parseInt(readFileSync(file, 'utf8'), 10));
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The lock is stale, but another process now has the number in it (after a reboot, or in a container that restarts),
 * so Postgres would believe it. It never believes its own parent's number. The rest of the file must stay: it leads
 * Postgres to memory that processes of the former database may still use.
 */
function disarm(file: string, stale: number): void {
  if (lockedBy(file) !== stale) return;
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^-?\d+/, String(process.pid)));
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socket);
    const end = (answer: boolean) => {
      probe.destroy();
      resolve(answer);
    };
    probe.once('connect', () => end(true));
    probe.once('error', () => end(false));
  });
}
