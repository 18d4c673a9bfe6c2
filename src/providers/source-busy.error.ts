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
