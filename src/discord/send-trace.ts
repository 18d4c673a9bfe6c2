import { AsyncLocalStorage } from 'node:async_hooks';
import { DefaultRestOptions, type RESTOptions } from 'discord.js';
import { nowhere } from './send-outcome.js';
import { UnansweredError } from './unanswered.error.js';

const traces = new AsyncLocalStorage<SendTrace>();

/**
 * Whether Discord may have done what it was asked for, over the repetitions that discord.js makes by itself: the error
 * that it throws in the end is of the last one alone.
 */
export class SendTrace {
  mayHaveArrived = false;

  follow<T>(work: () => Promise<T>): Promise<T> {
    return traces.run(this, work);
  }
}

export const tracedRequest: RESTOptions['makeRequest'] = async (url, options) => {
  const trace = traces.getStore();
  try {
    const answer = await DefaultRestOptions.makeRequest(url, options);
    const done = answer.status < 400 || (answer.status >= 500 && !nowhere.has(answer.status));
    if (trace && done) trace.mayHaveArrived = true;
    return answer;
  } catch (error) {
    if (trace && !new UnansweredError(error).neverSent) trace.mayHaveArrived = true;
    throw error;
  }
};
