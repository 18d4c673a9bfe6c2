import { type PgListener } from '../database/pg-listener.js';
import { type LastKnown } from './last-known.js';

/** Milliseconds between two looks without a reason: what was said while nobody listened is seen by then. */
const pause = 15_000;

/** Reads a table again whenever it says that it changed, one read at a time. */
export class TableWatch {
  private timer: NodeJS.Timeout | undefined;
  private unlisten: (() => void) | undefined;
  private reading = false;
  private again = false;

  constructor(
    private readonly listener: PgListener,
    private readonly table: string,
    private readonly known: LastKnown<unknown>,
  ) {}

  start(): void {
    this.unlisten = this.listener.listen(this.table, () => void this.look());
    this.timer = setInterval(() => void this.look(), pause);
  }

  stop(): void {
    this.unlisten?.();
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    this.again = true;
    if (this.reading) return;
    this.reading = true;
    while (this.again) {
      this.again = false;
      await this.known.renew();
    }
    this.reading = false;
  }
}
