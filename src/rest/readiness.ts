type ReadinessState = 'starting' | 'ready' | 'draining';

/** Where the process is in its life. Goes forward only: a draining process never becomes ready again. */
export class Readiness {
  private current: ReadinessState = 'starting';

  get state(): ReadinessState {
    return this.current;
  }

  ready(): void {
    if (this.current === 'starting') this.current = 'ready';
  }

  drain(): void {
    this.current = 'draining';
  }
}
