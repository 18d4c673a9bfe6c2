import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

/** Milliseconds for which nothing more is told of one who writes: Discord's own clients say it again after about ten seconds. */
const pause = 8_000;
/** Who writes at the same time, all guilds together. Whoever is too many may be told of again too early. */
const remembered = 10_000;

/** Lets through that somebody writes in a channel, once in 8 seconds. */
@Injectable()
export class TypingPace {
  private readonly told = new LRUCache<string, number>({ max: remembered });

  /** `now` in milliseconds, of a clock that never steps back. */
  mayTell(userId: string, channelId: string, now = performance.now()): boolean {
    const key = `${userId}:${channelId}`;
    const last = this.told.get(key);
    if (last !== undefined && now - last < pause) return false;
    this.told.set(key, now);
    return true;
  }
}
