import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { findProcess } from './process-table.js';
import { socketName } from './socket-directory.js';

/**
 * Who runs a database on the directory. `held`: somebody who lives, `ours` when that is a Guildcast. `orphan`: a Postgres whose Guildcast is gone, and
 * which is about to end or waits to be told to.
 */
export type Occupant = { kind: 'none' } | { kind: 'held'; by: string; ours?: true } | { kind: 'orphan'; pid: number };

/** Written on Postgres's command line, so that nobody can mistake who started it: its parent, as long as that lives. */
export const ownerSetting = 'guildcast.owner';
const lockFile = 'postmaster.pid';
const lockFiles = [lockFile, `${socketName}.lock`];

export async function findOccupant(dataDir: string): Promise<Occupant> {
  const { occupant, stale } = await lookForOccupant(dataDir);
  if (stale !== undefined) for (const file of lockFiles) disarm(path.join(dataDir, file), stale);
  return occupant;
}

/** Changes nothing. `stale`: the number in the lock of a database that is gone, which another process has now. */
export async function lookForOccupant(dataDir: string): Promise<{ occupant: Occupant; stale?: number }> {
  const pid = lockedBy(path.join(dataDir, lockFile));
  if (pid === undefined) return { occupant: { kind: 'none' } };
  const running = findProcess(pid);
  if (running?.command.includes(` -D ${dataDir} `)) {
    const owner = new RegExp(`${ownerSetting}=(\\d+) `).exec(running.command)?.[1];
    if (owner === undefined) return { occupant: { kind: 'held', by: `Postgres, process ${pid}` } };
    const held = Number(owner) === running.parent;
    return { occupant: held ? { kind: 'held', by: `process ${owner}`, ours: true } : { kind: 'orphan', pid } };
  }
  // A container that shares the directory has processes we do not see, but its socket is ours to try.
  if (await answers(path.join(dataDir, socketName)))
    return { occupant: { kind: 'held', by: 'a process in another container', ours: true } };
  return { occupant: { kind: 'none' }, ...(running && { stale: pid }) };
}

/** The folder of the socket of whoever runs a database on the directory, as the lock names it. */
export function socketFolderOf(dataDir: string): string | undefined {
  try {
    return readFileSync(path.join(dataDir, lockFile), 'utf8').split('\n')[4] || undefined;
  } catch {
    return undefined;
  }
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
