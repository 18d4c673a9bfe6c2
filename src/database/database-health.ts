import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { describeConnectionFault } from './connection-fault.js';

const patience = 2_000;

/** Whether the database answers now. */
@Injectable()
export class DatabaseHealth {
  private asking: Promise<{ ok: boolean; detail?: string }> | undefined;

  constructor(private readonly dataSource: DataSource) {}

  /**
   * Asks the database for a sign of life, 2 s at most; who asks meanwhile gets the same answer. Never throws; `detail`
   * holds no secret.
   */
  check(): Promise<{ ok: boolean; detail?: string }> {
    this.asking ??= this.ask().finally(() => (this.asking = undefined));
    return this.asking;
  }

  private async ask(): Promise<{ ok: boolean; detail?: string }> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('timeout')), patience);
    });
    try {
      await Promise.race([this.dataSource.query('select 1'), late]);
      return { ok: true };
    } catch (error) {
      return { ok: false, detail: describeConnectionFault(error) };
    } finally {
      clearTimeout(timer);
    }
  }
}
