// Processes that have a core to themselves, and what the kernel knows of them. Linux only: /proc and taskset.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ask, tell } from './orders.mjs';

export const serverCore = '0';
export const generatorCore = '1';

/** @throws Error in one sentence where processes cannot be pinned */
export function mustPin() {
  if (process.platform !== 'linux') throw new Error('This benchmark reads /proc: it runs on Linux alone.');
  for (const core of [serverCore, generatorCore]) {
    const { error, status } = spawnSync('taskset', ['-c', core, 'true'], { stdio: 'ignore' });
    if (error) throw new Error('This benchmark needs taskset (util-linux) in the path.');
    if (status !== 0) throw new Error(`This benchmark needs the processor's cores ${serverCore} and ${generatorCore}.`);
  }
}

/** A Node process on one core, from its first instruction on; `flags` are Node's own. */
export function pinned(file, core, { env = {}, flags = [] } = {}) {
  const script = path.join(import.meta.dirname, file);
  const child = spawn('taskset', ['-c', core, process.execPath, ...flags, script], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.once('exit', (code) => code && console.error(`${file} ended with ${code}`));
  return child;
}

/** One of servers/*.mjs, once it listens. */
export async function startServer(file, options) {
  const child = pinned(file, serverCore, options);
  const [{ port }] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error(`${file} did not start`))),
  ]);
  return {
    port,
    pid: child.pid,
    publish: (burst) => tell(child, 'publish', burst),
    change: () => tell(child, 'change'),
    memory: () => ask(child, 'memory'),
    ask: (order, argument) => ask(child, order, argument),
    stop: () => end(child, 'SIGKILL'),
  };
}

export async function end(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

function childrenOf(pid) {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    const children = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim();
    return children === '' ? [] : children.split(' ');
  });
}

/** Seconds of CPU that a process, all its threads and its children have used; from the scheduler, in nanoseconds. */
export function cpuSeconds(pid) {
  let nanoseconds = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
  }
  return childrenOf(pid).reduce((sum, child) => sum + cpuSeconds(child), nanoseconds / 1e9);
}

/** A line of /proc/<pid>/status in bytes: `VmRSS` is what a process holds now, `VmHWM` the most it ever held. */
export function statusBytes(pid, line) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${line}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
}

/** What the children of a process hold, such as the workers of nginx. */
export function childrenBytes(pid) {
  return childrenOf(pid).reduce((sum, child) => sum + statusBytes(child, 'VmRSS'), 0);
}

/** How many files and sockets a process started from here may have open. */
export function openFilesLimit() {
  return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
}
