import { Client, type ClientConfig } from 'pg';

/** Milliseconds without an answer after which a statement counts as lost. */
const patience = 30_000;

/**
 * A connection that is cut when an answer does not come. A network that swallows packets says nothing for a quarter of
 * an hour, and the pool would go on handing out connections that still wait.
 */
export class ImpatientClient extends Client {
  constructor(config: ClientConfig = {}) {
    super({ query_timeout: patience, ...config });
    const send = this.query.bind(this) as (...words: unknown[]) => unknown;
    const endWhenLate = (error: unknown) => {
      // The driver has told the caller, but still waits: any statement sent after it would wait too.
      if (error instanceof Error && error.message === 'Query read timeout') void this.end();
    };
    this.query = ((...words: unknown[]) => {
      const answer = send(...words);
      if (answer instanceof Promise) answer.catch(endWhenLate);
      return answer;
    }) as Client['query'];
  }
}
