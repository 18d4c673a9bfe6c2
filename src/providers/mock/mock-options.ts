export interface MockOptions {
  /** The same number makes the demo guilds live the same life at each start. */
  seed: number | undefined;
  /** 1 is the usual pace, 0 stands still. */
  pace: number;
}

export const MOCK_OPTIONS = Symbol('MOCK_OPTIONS');
