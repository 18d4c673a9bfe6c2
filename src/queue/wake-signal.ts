/** Lets one loop sleep until somebody rings. A ring while nobody sleeps is kept for the next sleep. */
export class WakeSignal {
  private rung = false;
  private wake?: () => void;

  ring(): void {
    if (this.wake) this.wake();
    else this.rung = true;
  }

  /** Resolves after the given milliseconds, or at the next ring. */
  async sleep(milliseconds: number): Promise<void> {
    if (this.rung) {
      this.rung = false;
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
  }
}
