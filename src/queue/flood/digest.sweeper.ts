import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PgListener } from '../../database/pg-listener.js';
import { targetKindOf } from '../../domain/notification.js';
import { newNonce } from '../nonce.js';
import { NotificationAnnouncer } from '../notification-announcer.js';
import { NotificationRepository } from '../notification.repository.js';
import { Rounds } from '../rounds.js';
import { type Digest } from '../types/digest.type.js';
import { digestChannel, type FloodKind, FloodRepository, type HeldNotifications } from './flood.repository.js';
import { shortForm } from './short-form.js';

/** Milliseconds; the signal of a window that held something may get lost. */
const longestSleep = 30_000;
/** While another process writes what is due. */
const shortestSleep = 250;
const forgetsEvery = 3_600_000;

/**
 * Tells what flood control holds once its window is over. Every process looks, also one that holds nothing itself, and
 * one at a time writes the digest of a kind, so that what is held is told whoever has held it.
 */
@Injectable()
export class DigestSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly rounds = new Rounds(() => this.look(), {
    logger: new Logger(DigestSweeper.name),
    trouble: 'Digests cannot be written',
    every: longestSleep,
  });
  private forgotAt = -Infinity;
  private unlisten?: () => void;

  constructor(
    private readonly floods: FloodRepository,
    private readonly repository: NotificationRepository,
    private readonly announcer: NotificationAnnouncer,
    private readonly listener: PgListener,
  ) {}

  onApplicationBootstrap(): void {
    this.unlisten = this.listener.listen(digestChannel, () => this.rounds.ring());
    this.rounds.start();
  }

  onModuleDestroy(): Promise<void> {
    this.unlisten?.();
    return this.rounds.stop();
  }

  /** Answers the milliseconds to sleep before the next look. */
  private async look(): Promise<number> {
    let told = 0;
    for (const kind of await this.floods.due()) {
      if (this.rounds.ending) return 0;
      if (await this.tell(kind)) told += 1;
    }
    if (performance.now() - this.forgotAt > forgetsEvery) {
      await this.floods.forgetCounters();
      this.forgotAt = performance.now();
    }
    if (told > 0) return 0;
    const due = await this.floods.secondsUntilDue();
    return due === undefined ? longestSleep : Math.min(longestSleep, Math.max(shortestSleep, due * 1000));
  }

  /** False when there was nothing to do, or another process does it. */
  private async tell(kind: FloodKind): Promise<boolean> {
    const nonce = newNonce();
    const writing = this.floods.digest(kind, nonce, (held) => {
      // Before it can be delivered.
      if (held.guildId !== null) this.announcer.accepting(held.guildId, nonce, accepted());
      return digestOf(kind, held);
    });
    const accepted = async () => {
      const written = await writing;
      return written && { id: written.id, type: 'digest', target: targetKindOf(written.target), attempts: 0 };
    };
    const written = await writing;
    if (!written) return false;
    this.announcer.tellSuperseded(await this.repository.supersededBy([written.id]));
    return true;
  }
}

function digestOf({ type }: FloodKind, { ids, from, to, latest }: HeldNotifications): Digest {
  return {
    type,
    count: ids.length,
    from: from.toISOString(),
    to: to.toISOString(),
    latest: latest.map(({ at, payload, message }) => ({ at: at.toISOString(), text: shortForm(payload, message) })),
  };
}
