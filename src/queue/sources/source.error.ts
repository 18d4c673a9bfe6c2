/** Why a source was not served, as the end of a sentence that begins with its name. Quotes nothing that was sent or came. */
export class SourceError extends Error {
  /** It answered, so that another question may fare better. */
  readonly answered: boolean;
  /** Its answer was longer than we read. */
  readonly tooLong: boolean;
  /** Milliseconds for which it wants to be left alone. */
  readonly pauseMs: number;

  constructor(message: string, details: { answered?: boolean; tooLong?: boolean; pauseMs?: number } = {}) {
    super(message);
    this.name = 'SourceError';
    this.answered = details.answered ?? false;
    this.tooLong = details.tooLong ?? false;
    this.pauseMs = details.pauseMs ?? 0;
  }
}
