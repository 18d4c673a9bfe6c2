interface Line {
  busy: number;
  waiting: (() => void)[];
}

/** Lets at most `width` guesses of one address be looked at at once, so that a burst of them cannot outrun their limit. */
export class GuessTurns {
  private readonly lines = new Map<string, Line>();

  constructor(private readonly width: number) {}

  async next<T>(address: string, guess: () => Promise<T>): Promise<T> {
    let line = this.lines.get(address);
    if (!line) this.lines.set(address, (line = { busy: 0, waiting: [] }));
    const { waiting } = line;
    // A place is handed over and never free meanwhile, so that nobody overtakes.
    if (line.busy < this.width) line.busy += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await guess();
    } finally {
      const heir = waiting.shift();
      if (heir) heir();
      else if (--line.busy === 0) this.lines.delete(address);
    }
  }
}
