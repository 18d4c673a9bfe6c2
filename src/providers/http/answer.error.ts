/** What is wrong with an answer, as the end of a sentence that begins with whose answer it is. Quotes nothing of it. */
export class AnswerError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AnswerError';
  }
}
