import { eventQueueRefusals } from './discord-dialect/event-queue-refusals.js';
import { type RefusalForm } from './refusal-form.js';

const problemDetails: RefusalForm = {
  contentType: 'application/problem+json; charset=utf-8',
  speaksAt: () => true,
  write: (problem) => problem,
};

/** A dialect that refuses in a form of its own is one line here. */
const forms: readonly RefusalForm[] = [eventQueueRefusals];

export function refusalFormAt(path: string): RefusalForm {
  return forms.find((form) => form.speaksAt(path)) ?? problemDetails;
}
