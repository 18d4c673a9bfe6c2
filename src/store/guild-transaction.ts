import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type NewDomainEvent } from '../domain/events/index.js';
import { Fault } from '../domain/fault.js';
import { GuildTurns } from './guild-turns.js';
import { putOut } from './outbox.js';
import { reachStore, storeUnavailable } from './store-fault.js';

/** What a write answers, and what the room is told of it. */
export interface Written<T> {
  answer: T;
  events: NewDomainEvent[];
}

/** Makes a write and what is told of it one thing: both are stored, or neither. */
@Injectable()
export class GuildTransaction {
  /** In this process too: those who wait for the lock would keep connections from all others. */
  private readonly turns = new GuildTurns();
  /** When the database was last found away, by the process's clock. */
  private outageAt = -Infinity;

  constructor(private readonly dataSource: DataSource) {}

  /** @throws Fault whatever `work` throws, and `service.unavailable`; nothing is stored or told then */
  run<T>(guildId: string, work: (rows: EntityManager) => Promise<Written<T>>): Promise<T> {
    const asked = performance.now();
    return this.turns.next(guildId, async () => {
      // Each of those who wait would have to find out by itself, one after the other.
      if (asked < this.outageAt) throw storeUnavailable();
      try {
        return await reachStore(() => this.write(guildId, work));
      } catch (error) {
        if (error instanceof Fault && error.code === 'service.unavailable') this.outageAt = performance.now();
        throw error;
      }
    });
  }

  private write<T>(guildId: string, work: (rows: EntityManager) => Promise<Written<T>>): Promise<T> {
    return this.dataSource.transaction(async (rows) => {
      // Held until the commit: the events of a guild get their numbers in the order of the commits.
      await lock(rows, `guildcast.store.${guildId}`);
      // Before any row: whoever hides holds this lock alone, and deletes what is stored of them.
      await rows.query(`select pg_advisory_xact_lock_shared(hashtextextended('guildcast.hidden', 0))`);
      const { answer, events } = await work(rows);
      if (events.length > 0) await putOut(rows, guildId, events);
      return answer;
    });
  }
}

/** Until the end of the transaction; processes that want the same one wait. */
export async function lock(rows: EntityManager, name: string): Promise<void> {
  await rows.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [name]);
}
