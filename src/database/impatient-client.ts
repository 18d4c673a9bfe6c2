import { Client, type ClientConfig } from 'pg';
import { preparedName } from './prepared-statements.js';

/** Milliseconds without an answer after which a statement counts as lost. */
const patience = 30_000;

/**
 * A connection that is cut when an answer does not come. A network that swallows packets says nothing for a quarter of
 * an hour, and the pool would go on handing out connections that still wait. Declared statements are sent by name.
 */
export class ImpatientClient extends Client {
  constructor(config: ClientConfig = {}) {
    super({ query_timeout: patience, ...config });
    const send = this.query.bind(this) as (...words: unknown[]) => unknown;
    const endWhenLate = (error: unknown) => {
      // The driver has told the caller, but still waits: any statement sent after it would wait too.
      if (error instanceof Error && error.message === 'Query read timeout') void this.end();
    };
    this.query = ((text: unknown, ...words: unknown[]) => {
      const name = preparedName(text);
      const answer =
        name === undefined ? send(text, ...words) : send({ name, text, values: words[0] }, ...words.slice(1));
      if (answer instanceof Promise) answer.catch(endWhenLate);
      return answer;
    }) as Client['query'];
  }
}
