import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { describeConnectionFault } from './connection-fault.js';

const patience = 2_000;

@Injectable()
export class DatabaseHealth {
  constructor(private readonly dataSource: DataSource) {}

  /** Asks the database for a sign of life, 2 s at most. Never throws; `detail` holds no secret. */
  async check(): Promise<{ ok: boolean; detail?: string }> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('timeout')), patience);
    });
    const answer = this.dataSource.query('select 1');
    // Lost the race: its failure, whenever it comes, has been told already.
    answer.catch(() => undefined);
    try {
      await Promise.race([answer, late]);
      return { ok: true };
    } catch (error) {
      return { ok: false, detail: `database: ${describeConnectionFault(error)}` };
    } finally {
      clearTimeout(timer);
    }
  }
}
