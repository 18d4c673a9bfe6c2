import { AsyncLocalStorage, createHook } from 'node:async_hooks';

/** A timer, watcher, connection or the like. */
interface Resource {
  hasRef(): boolean;
}

/**
 * What some work began, or what that began, and what is still open and keeps the process alive. Others who do something at
 * the same time, such as the runner of the tests, do not count.
 */
export class OpenResources {
  private readonly work = new AsyncLocalStorage<true>();
  private readonly open = new Map<number, { kind: string; resource: Resource }>();
  private readonly hook = createHook({
    init: (id, kind, _trigger, resource) => {
      if (this.work.getStore() && isResource(resource)) this.open.set(id, { kind, resource });
    },
    destroy: (id) => void this.open.delete(id),
  });

  /** Follows what is opened until `work` and `after` have ended. */
  async follow(work: () => Promise<void>, after: () => Promise<void>): Promise<void> {
    // They are opened with the first word, and stay.
    void process.stdout;
    void process.stderr;
    this.hook.enable();
    try {
      await this.work.run(true, work);
      await after();
    } finally {
      this.hook.disable();
    }
  }

  /** `2 Timeout, 1 TCPWRAP`; empty when nothing is left. */
  left(): string {
    const counts = new Map<string, number>();
    for (const { kind, resource } of this.open.values()) {
      if (resource.hasRef()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
  }
}

function isResource(resource: object): resource is Resource {
  return 'hasRef' in resource && typeof resource.hasRef === 'function';
}
