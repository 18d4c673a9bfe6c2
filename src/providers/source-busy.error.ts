/** A source asks not to be asked for a while, such as by a 429 with `Retry-After`. */
export class SourceBusyError extends Error {
  constructor(
    message: string,
    readonly retryAfterMs: number,
  ) {
    super(message);
    this.name = 'SourceBusyError';
  }
}

/** The wait that an error asks for, in milliseconds. A plugin has a class of its own for it: the name is what counts. */
export function busyFor(error: unknown): number | undefined {
  if (!(error instanceof Error) || error.name !== 'SourceBusyError' || !('retryAfterMs' in error)) return undefined;
  return typeof error.retryAfterMs === 'number' ? error.retryAfterMs : undefined;
}
