import { type Letter } from '../letter.js';
import { type Verdict } from '../wire/verdict.js';
import { SpoolLock } from './spool-lock.js';
import { type Spool } from './spool.js';

/** Letters of one slice, at most: then others of this process have their turn. */
const sliceLength = 20;

/** So many letters that Guildcast itself fails at do not hold up those behind them. */
const mostSkipped = 10;

export interface Slice {
  /** What became of those that ended, by name. */
  settled: Map<string, Verdict>;
  /** Files that were no letters; each lies in `rejected/`. */
  unreadable: number;
  /** Another process is at it. */
  busy: boolean;
  /** The slice was full, and more wait. */
  more: boolean;
  /** Why the first of those that are left did not go out. */
  trouble?: Exclude<Verdict, { kind: 'accepted' }>;
  /** It concerns all letters, not just one. */
  stopped: boolean;
}

/** Sends what is in the spool, oldest first, until something stands in the way. Never throws. */
export async function drainSlice(spool: Spool, send: (letter: Letter) => Promise<Verdict>): Promise<Slice> {
  const slice: Slice = { settled: new Map(), unreadable: 0, busy: false, more: false, stopped: false };
  try {
    if ((await spool.names()).length === 0) return slice;
    const lock = await SpoolLock.acquire(spool.folder);
    if (lock === undefined) return { ...slice, busy: true };
    try {
      await spool.tidy();
      // Read again: who held the lock before has sent some of them.
      await sendInOrder(spool, lock, send, slice);
    } finally {
      await lock.release();
    }
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const reason = `The spool ${spool.folder} cannot be worked through (${why}).`;
    // What was settled before stays so: a letter whose file could not be taken away is sent again as the same one.
    slice.trouble ??= { kind: 'unreachable', reason };
  }
  return slice;
}

async function sendInOrder(
  spool: Spool,
  lock: SpoolLock,
  send: (letter: Letter) => Promise<Verdict>,
  slice: Slice,
): Promise<void> {
  let skipped = 0;
  for (const name of await spool.names()) {
    if (slice.settled.size >= sliceLength) return void (slice.more = true);
    if (!(await lock.renew())) return void (slice.busy = true);
    const letter = await spool.read(name);
    if (letter === 'gone') continue;
    if (letter === 'unreadable') {
      await spool.reject(name, { reason: 'The file cannot be read as a notification.' });
      slice.unreadable += 1;
      continue;
    }
    const verdict = await send(letter);
    if (verdict.kind === 'accepted') {
      slice.settled.set(name, verdict);
      await spool.remove(name);
    } else if (verdict.kind === 'refused' && verdict.lasting) {
      slice.settled.set(name, verdict);
      await spool.reject(name, { status: verdict.status, reason: verdict.reason });
    } else {
      slice.trouble ??= verdict;
      skipped += 1;
      const itsOwn = verdict.kind === 'unreachable' && verdict.ownFault === true;
      if (!itsOwn || skipped > mostSkipped) return void (slice.stopped = true);
    }
  }
}
