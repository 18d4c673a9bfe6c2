import { DefaultRestOptions, REST, type RESTOptions } from 'discord.js';
import { restOptions } from './client-options.js';
import { type InvalidRequestBudget } from './invalid-request-budget.js';
import { UnansweredError } from './unanswered.error.js';

/**
 * For requests without the bot's token, which have rate limits of their own. Whether a request can have been heard is
 * told by its error: nothing is said twice here.
 */
export function webhookRest(apiUrl: string, budget: InvalidRequestBudget): REST {
  return new REST({
    ...restOptions(apiUrl, budget),
    retries: 0,
    // Longer than a connection may take to come to stand: one that does not has said nothing.
    timeout: 15_000,
    // A connection that was kept may be closed by its peer while a message is on its way, which nobody could tell from
    // a lost answer.
    headers: { Connection: 'close' },
    makeRequest: heardOrNot,
  });
}

const heardOrNot: RESTOptions['makeRequest'] = async (url, options) => {
  // Waiting for its turn it may have run out of time.
  options.signal?.throwIfAborted();
  try {
    const answer = await DefaultRestOptions.makeRequest(url, options);
    const { status, statusText, headers } = answer;
    // An answer that breaks off is lost too.
    const body = await answer.arrayBuffer();
    return new Response(body.byteLength === 0 ? null : body, { status, statusText, headers });
  } catch (error) {
    throw new UnansweredError(error);
  }
};
