/** Discord asks not to be asked for a while. */
export class DiscordBusyError extends Error {
  constructor(readonly retryAfterMs: number) {
    super(`Discord asks for a pause of ${Math.ceil(retryAfterMs / 1000)} s`);
    this.name = 'DiscordBusyError';
  }
}
