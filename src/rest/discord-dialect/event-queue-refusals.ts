import { type Problem } from '../problem.js';
import { type RefusalForm } from '../refusal-form.js';

/** `{success: false, error}`, whatever went wrong and wherever: also where no handler was reached. */
export const eventQueueRefusals: RefusalForm = {
  contentType: 'application/json; charset=utf-8',
  speaksAt: (path) => /^\/(?:discord|webhook)(?:\/|$)/i.test(path),
  write: ({ detail, title }: Problem) => ({ success: false, error: detail ?? title }),
};
