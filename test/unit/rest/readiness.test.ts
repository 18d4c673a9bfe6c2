import { describe, expect, it } from 'vitest';
import { Readiness } from '../../../src/rest/readiness.js';

describe('Readiness', () => {
  it('goes from starting to ready to draining', () => {
    const readiness = new Readiness();
    expect(readiness.state).toBe('starting');
    readiness.ready();
    expect(readiness.state).toBe('ready');
    readiness.drain();
    expect(readiness.state).toBe('draining');
  });

  it('never goes back, also when the start ends after the order to stop', () => {
    const readiness = new Readiness();
    readiness.drain();
    readiness.ready();
    expect(readiness.state).toBe('draining');
  });
});
