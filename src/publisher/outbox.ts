import { type Letter } from './letter.js';
import { type Published } from './notification.js';
import { PublishError } from './publish-error.js';
import { type ResolvedSettings } from './publisher-settings.js';
import { type Slice, SpoolDrain } from './spool/spool-drain.js';
import { type Spool } from './spool/spool.js';
import { type Sender } from './wire/sender.js';
import { type Setback, type Verdict } from './wire/verdict.js';

/** What `flush` did. */
export interface Flushed {
  accepted: number;
  /** Refused for good; each lies in `rejected/` with the reason. */
  rejected: number;
  /** What is still in the spool. */
  waiting: number;
  /** Why something is left. */
  reason?: string;
}

/** Milliseconds between two looks at a lock that another process holds, and after which waiting for it ends. */
const lockPause = 100;
const lockPatience = 30_000;

/** Milliseconds between two looks at a spool that was empty: another program may have put something there and ended. */
const idlePause = 60_000;

/**
 * Brings letters out one after the other, in the order in which they were given: straight to Guildcast while nothing
 * waits in the spool, else by way of the spool, so that nothing overtakes.
 */
export class Outbox {
  /** Undefined without a spool. */
  private readonly waiting?: SpoolDrain;
  private turn: Promise<unknown> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private failures = 0;
  /** Before this time Guildcast is known not to be there. */
  private awayUntil = 0;
  private closed = false;
  /** How many wait for a `flush`: what they are told of is left to them. */
  private flushing = 0;
  /** Why the last try failed; undefined after a success. */
  trouble: string | undefined;

  constructor(
    private readonly sender: Sender,
    spool: Spool | undefined,
    private readonly pace: Pick<ResolvedSettings, 'retryBaseMs' | 'retryCapMs'>,
  ) {
    if (spool) this.waiting = new SpoolDrain(spool, sender);
    this.lookAfter(Math.random() * pace.retryBaseMs);
  }

  /** @throws PublishError */
  bring(letter: Letter): Promise<Published> {
    return this.inTurn(async () => {
      const { waiting } = this;
      if (waiting === undefined || (await isEmpty(waiting.spool))) return this.bringStraight(letter);
      let name: string;
      try {
        name = await waiting.spool.append(letter);
      } catch (error) {
        // Better out of its order than not at all.
        return this.bringStraight(letter, error as PublishError);
      }
      return this.bringBehind(name, waiting);
    });
  }

  /** One letter, past the spool and never into it. @throws PublishError */
  bringNow(letter: Letter): Promise<Published> {
    return this.inTurn(async () => {
      const verdict = await this.sender.send(letter);
      if (verdict.kind !== 'accepted') throw errorOf(verdict);
      return { state: 'accepted', id: verdict.id };
    });
  }

  /** Sends what waits, now, until the spool is empty or something stands in the way. */
  async flush(): Promise<Flushed> {
    const done: Flushed = { accepted: 0, rejected: 0, waiting: 0 };
    const { waiting } = this;
    if (waiting === undefined) return done;
    this.flushing += 1;
    try {
      await this.flushInto(done, waiting);
    } finally {
      this.flushing -= 1;
    }
    return { ...done, waiting: (await waiting.spool.names()).length };
  }

  private async flushInto(done: Flushed, waiting: SpoolDrain): Promise<void> {
    const deadline = Date.now() + lockPatience;
    for (;;) {
      const { settled, unreadable, busy, more, trouble } = await this.inTurn(() => this.drain(waiting));
      for (const { kind } of settled.values()) done[kind === 'accepted' ? 'accepted' : 'rejected'] += 1;
      done.rejected += unreadable;
      if (trouble) done.reason = trouble.reason;
      if (more) continue;
      if (!busy) return;
      if (Date.now() > deadline) return void (done.reason = 'Another process is sending what is in the spool.');
      await new Promise((resolve) => setTimeout(resolve, lockPause));
    }
  }

  /** Lets what is under way end. What is in the spool stays there. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.turn;
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.closed) return Promise.reject(new PublishError('closed', 'The publisher is closed.'));
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }

  private async bringStraight(letter: Letter, spoolFault?: PublishError): Promise<Published> {
    const verdict = await this.sender.send(letter);
    this.note(verdict);
    if (verdict.kind === 'accepted') return { state: 'accepted', id: verdict.id };
    if (verdict.kind === 'refused') throw errorOf(verdict);
    if (spoolFault) throw unkept(spoolFault, verdict.reason);
    if (this.waiting === undefined) throw errorOf(verdict);
    try {
      return { state: 'spooled', spoolId: await this.waiting.spool.append(letter) };
    } catch (error) {
      throw unkept(error as PublishError, verdict.reason);
    }
  }

  /** Tries to empty the spool up to this letter, unless Guildcast is known to be away. */
  private async bringBehind(name: string, waiting: SpoolDrain): Promise<Published> {
    for (let more = true; more && Date.now() >= this.awayUntil;) {
      const slice = await this.drain(waiting);
      const verdict = slice.settled.get(name);
      if (verdict?.kind === 'accepted') return { state: 'accepted', id: verdict.id };
      if (verdict) throw errorOf(verdict);
      // The key is refused, which its publisher must hear; this letter was not tried, and goes back to them.
      if (slice.trouble?.kind === 'refused' && (await waiting.spool.remove(name))) throw errorOf(slice.trouble);
      ({ more } = slice);
    }
    return { state: 'spooled', spoolId: name };
  }

  private async drain(waiting: SpoolDrain): Promise<Slice> {
    const slice = await waiting.slice();
    if (slice.settled.size > 0) this.reached();
    if (slice.trouble) this.note(slice.trouble, slice.stopped);
    else if (slice.busy) this.lookAfter(this.pace.retryBaseMs);
    if (slice.more) this.lookAfter(0);
    return slice;
  }

  /** Learns from an answer how Guildcast stands, and when to look after the spool again. */
  private note(verdict: Verdict, concernsAll = true): void {
    if (verdict.kind === 'accepted') return this.reached();
    this.trouble = verdict.reason;
    const { retryBaseMs, retryCapMs } = this.pace;
    const longest = Math.min(retryCapMs, retryBaseMs * 2 ** this.failures);
    this.failures = Math.min(this.failures + 1, 30);
    const asked = verdict.kind === 'unreachable' ? (verdict.retryAfterMs ?? 0) : 0;
    // Spread, so that all publishers of a Guildcast that was away do not come back at once.
    const wait = asked + longest * (0.5 + Math.random() / 2);
    if (verdict.kind === 'unreachable' && concernsAll) this.awayUntil = Date.now() + wait;
    this.lookAfter(wait);
  }

  private reached(): void {
    this.failures = 0;
    this.awayUntil = 0;
    this.trouble = undefined;
    this.lookAfter(idlePause);
  }

  /** Never keeps the program alive: what waits is on disk. */
  private lookAfter(wait: number): void {
    clearTimeout(this.timer);
    const { waiting } = this;
    if (this.closed || waiting === undefined) return;
    this.timer = setTimeout(() => void this.look(waiting), wait).unref();
  }

  private async look(waiting: SpoolDrain): Promise<void> {
    this.lookAfter(idlePause);
    if (this.flushing > 0) return;
    const work = async () => {
      // What had its turn before may have learned that Guildcast is away.
      const away = this.awayUntil - Date.now();
      if (away > 0) this.lookAfter(away);
      else await this.drain(waiting);
    };
    // Rejected alone when the publisher was closed meanwhile.
    await this.inTurn(work).catch(() => undefined);
  }
}

/** One that cannot be looked into holds nothing up. */
async function isEmpty(spool: Spool): Promise<boolean> {
  return spool.names().then(
    (names) => names.length === 0,
    () => true,
  );
}

function errorOf(verdict: Setback): PublishError {
  if (verdict.kind === 'unreachable') return new PublishError('unreachable', verdict.reason);
  const { status, reason, fault, errors } = verdict;
  return new PublishError('refused', reason, { status, fault, errors });
}

function unkept(spoolFault: PublishError, reason: string): PublishError {
  return new PublishError(spoolFault.code, `${reason} ${spoolFault.message}`, { cause: spoolFault });
}
