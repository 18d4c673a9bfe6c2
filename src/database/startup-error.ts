/** A fault that only the operator can mend. Its message is one sentence for them, without secrets or stack. */
export class StartupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartupError';
  }
}
