import { vi } from 'vitest';

/** Milliseconds. Vitest's own second is too short for a machine that is busy; a state that comes ends the wait at once. */
const patience = 5_000;

const marked = Symbol.for('guildcast.patient');

// Runs once for each test file, and the files share one `vi`.
if (!(marked in vi.waitFor)) {
  const waitFor = vi.waitFor.bind(vi);
  const patient: typeof vi.waitFor = (callback, options) =>
    waitFor(callback, typeof options === 'number' ? options : { timeout: patience, ...options });
  vi.waitFor = Object.assign(patient, { [marked]: true });
}
