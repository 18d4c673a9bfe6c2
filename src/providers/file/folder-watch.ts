import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';

/** Milliseconds between a sign of a change and the look at it: one save of an editor is several signs. */
const gatheringTime = 100;

export interface FolderWatchOptions {
  /** A folder, or a file in one. */
  root: string;
  /** Between two looks without a sign; some file systems give none. */
  pollMs: number;
  /** Looks for changes; true asks for another look soon. */
  look: () => Promise<boolean>;
}

/** Looks again when something happened in a folder, and from time to time in any case. */
export class FolderWatch {
  private readonly poll: NodeJS.Timeout;
  private watcher: FSWatcher | undefined;
  private due: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private closed = false;

  private constructor(private readonly options: FolderWatchOptions) {
    this.poll = setInterval(() => void this.wake(), options.pollMs).unref();
  }

  static async start(options: FolderWatchOptions): Promise<FolderWatch> {
    const started = new FolderWatch(options);
    await started.listen();
    return started;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.poll);
    clearTimeout(this.due);
    this.watcher?.close();
    await this.looking;
  }

  private async wake(): Promise<void> {
    await this.listen();
    this.schedule();
  }

  /** The whole folder: a file that is replaced by another one gives no sign itself. */
  private async listen(): Promise<void> {
    if (this.watcher || this.closed) return;
    const { root } = this.options;
    try {
      const folder = (await stat(root)).isDirectory() ? root : path.dirname(root);
      if (this.watcher || this.closed) return;
      const watcher = watch(folder, { persistent: false }, () => this.schedule());
      // A folder that cannot be watched, or not any more, is still polled, and tried again then.
      watcher.on('error', () => this.drop(watcher));
      this.watcher = watcher;
    } catch {
      this.watcher = undefined;
    }
  }

  private drop(watcher: FSWatcher): void {
    watcher.close();
    if (this.watcher === watcher) this.watcher = undefined;
  }

  /** Later signs do not put it off: a folder in which there is always something happening is looked at too. */
  private schedule(): void {
    if (this.closed) return;
    this.due ??= setTimeout(() => {
      this.due = undefined;
      this.looking = this.look();
    }, gatheringTime).unref();
  }

  private async look(): Promise<void> {
    if (await this.options.look()) this.schedule();
  }
}
