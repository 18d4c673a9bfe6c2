import { type Letter } from '../letter.js';
import { PublishError } from '../publish-error.js';
import { type Sender } from '../wire/sender.js';
import { type Setback, type Verdict } from '../wire/verdict.js';
import { SpoolLock } from './spool-lock.js';
import { type Spool } from './spool.js';

/** Letters after which a slice ends: then others of this process have their turn. */
const sliceLength = 100;

/** Letters of one request, as many as Guildcast takes, and bytes of it, which most proxies in front of one take. */
const mostTogether = 100;
const mostBytes = 1_000_000;

/** So many letters that Guildcast itself fails at do not hold up those behind them. */
const mostSkipped = 10;

export interface Slice {
  /** What became of those that ended, by name. */
  settled: Map<string, Verdict>;
  /** Files that were no letters; each lies in `rejected/`. */
  unreadable: number;
  /** Letters that Guildcast itself failed at. */
  skipped: number;
  /** Another process is at it. */
  busy: boolean;
  /** The slice was full, and more wait. */
  more: boolean;
  /** What stopped the slice, else why the first of those that are left did not go out. */
  trouble?: Setback;
  /** The trouble concerns all letters, not just one. */
  stopped: boolean;
}

interface Waiting {
  name: string;
  letter: Letter;
}

/** Empties a spool, oldest first, as long as nothing stands in the way. */
export class SpoolDrain {
  /**
   * Letters of the next request: one after an outage, then twice as many with each success. So it costs little to see
   * whether Guildcast is back, and what cannot go out together (a slow line, a proxy in front) still goes out.
   */
  private together = 1;

  constructor(
    readonly spool: Spool,
    private readonly sender: Pick<Sender, 'send' | 'sendTogether'>,
  ) {}

  /** Sends about a hundred. Never throws. */
  async slice(): Promise<Slice> {
    const { spool } = this;
    const slice: Slice = { settled: new Map(), unreadable: 0, skipped: 0, busy: false, more: false, stopped: false };
    try {
      if ((await spool.names()).length === 0) return slice;
      const lock = await SpoolLock.acquire(spool.folder);
      if (lock === undefined) return { ...slice, busy: true };
      try {
        await spool.tidy();
        await this.sendInOrder(lock, slice);
      } finally {
        await lock.release();
      }
    } catch (error) {
      // What was settled before stays so: a letter whose file could not be taken away is sent again as the same one.
      slice.trouble ??= { kind: 'unreachable', reason: this.sentenceFor(error) };
    }
    if (slice.stopped) this.together = 1;
    return slice;
  }

  private async sendInOrder(lock: SpoolLock, slice: Slice): Promise<void> {
    // Read again: who held the lock before has sent some of them.
    const names = await this.spool.names();
    for (let place = 0; place < names.length && !slice.stopped && !slice.busy;) {
      if (slice.settled.size >= sliceLength) return void (slice.more = true);
      const { batch, next } = await this.gather(names, place, slice);
      place = next;
      await this.bring(batch, lock, slice);
    }
  }

  /** The letters from this place on that may go out together, and the place behind them. */
  private async gather(names: readonly string[], place: number, slice: Slice) {
    const batch: Waiting[] = [];
    let bytes = 0;
    let next = place;
    for (; next < names.length && batch.length < this.together; next += 1) {
      const name = names[next]!;
      const letter = await this.spool.read(name);
      if (letter === 'gone') continue;
      if (letter === 'newer') {
        const reason = `${name} was written by a newer publisher, which alone can send it.`;
        slice.trouble ??= { kind: 'unreachable', reason };
        continue;
      }
      if (letter === 'unreadable') {
        await this.spool.setAside(name);
        slice.unreadable += 1;
        continue;
      }
      bytes += Buffer.byteLength(JSON.stringify(letter));
      // The dialect has no words for several.
      const alone = letter.wire !== 'native' || bytes > mostBytes;
      if (alone && batch.length > 0) break;
      batch.push({ name, letter });
      if (alone) return { batch, next: next + 1 };
    }
    return { batch, next };
  }

  private async bring(batch: readonly Waiting[], lock: SpoolLock, slice: Slice): Promise<void> {
    if (batch.length > 1) {
      if (!(await lock.renew())) return void (slice.busy = true);
      const verdict = await this.sender.sendTogether(batch.map(({ letter }) => letter));
      if (verdict.kind === 'accepted') {
        for (const [index, id] of verdict.ids.entries())
          slice.settled.set(batch[index]!.name, { kind: 'accepted', id });
        await Promise.all(batch.map(({ name }) => this.spool.remove(name)));
        return this.grow();
      }
      if (!isOfOne(verdict)) return stop(slice, verdict);
      // One of them is at fault, and none was taken.
    }
    for (const { name, letter } of batch) {
      if (!(await lock.renew())) return void (slice.busy = true);
      await this.bringOne(name, letter, slice);
      if (slice.stopped) return;
    }
  }

  private async bringOne(name: string, letter: Letter, slice: Slice): Promise<void> {
    const verdict = await this.sender.send(letter);
    if (verdict.kind === 'accepted') {
      slice.settled.set(name, verdict);
      await this.spool.remove(name);
      this.grow();
    } else if (verdict.kind === 'refused' && verdict.lasting) {
      slice.settled.set(name, verdict);
      await this.spool.reject(name, { status: verdict.status, reason: verdict.reason });
    } else if (isOfOne(verdict) && slice.skipped < mostSkipped) {
      slice.skipped += 1;
      slice.trouble ??= verdict;
    } else {
      stop(slice, verdict);
    }
  }

  private grow(): void {
    this.together = Math.min(mostTogether, this.together * 2);
  }

  private sentenceFor(error: unknown): string {
    if (error instanceof PublishError) return error.message;
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return `The spool ${this.spool.folder} cannot be worked through (${why}).`;
  }
}

/** Whether another letter may fare better. */
function isOfOne(setback: Setback): boolean {
  return setback.kind === 'refused' ? setback.lasting : setback.ownFault === true;
}

function stop(slice: Slice, setback: Setback): void {
  slice.trouble = setback;
  slice.stopped = true;
}
