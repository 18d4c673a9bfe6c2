/** Lets one loop sleep until somebody rings. A ring while nobody sleeps is kept for the next sleep. */
export class WakeSignal {
  private rung = false;
  private wake?: () => void;

  ring(): void {
    if (this.wake) this.wake();
    else this.rung = true;
  }

  /** Resolves after the given milliseconds, or at the next ring; answers whether it was rung. */
  async sleep(milliseconds: number): Promise<boolean> {
    if (this.rung) {
      this.rung = false;
      return true;
    }
    const rung = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
    this.wake = undefined;
    return rung;
  }
}
