import { PageDriver } from './page.driver.js';
import { type Ask } from './room-driver.js';

/** REST: a join is one page, and then nothing until the next. */
export class PollingDriver extends PageDriver {
  override readonly listens = false;

  join(ask: Ask): Promise<void> {
    return this.answered(`page of ${ask.guildId}`, this.read(ask, {}));
  }

  leave(guildId: string): Promise<void> {
    this.listener.left(guildId);
    return Promise.resolve();
  }
}
