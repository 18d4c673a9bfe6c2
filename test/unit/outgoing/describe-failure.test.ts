import { describe, expect, it } from 'vitest';
import { publicAddresses } from '../../../src/outgoing/address-rule.js';
import { describeFailure } from '../../../src/outgoing/describe-failure.js';
import { PrivateAddressError } from '../../../src/outgoing/guarded-connector.js';

const withCode = (code: string) => Object.assign(new TypeError('hidden-word'), { code });

describe('why a server cannot be asked', () => {
  it.each([
    ['ECONNREFUSED', 'nobody listens there (ECONNREFUSED)'],
    ['UND_ERR_CONNECT_TIMEOUT', 'it does not answer (UND_ERR_CONNECT_TIMEOUT)'],
    ['Z_DATA_ERROR', 'its answer cannot be unpacked (Z_DATA_ERROR)'],
    ['HPE_INVALID_CONSTANT', 'its answer is not HTTP (HPE_INVALID_CONSTANT)'],
    ['EWHATEVER', 'EWHATEVER'],
  ])('%s', (code, words) => {
    expect(describeFailure(withCode(code))).toBe(words);
    // A name with several addresses.
    expect(describeFailure(new AggregateError([withCode(code), withCode('ENOTFOUND')], 'hidden-word'))).toBe(words);
  });

  it('names an address that is private, also as one of several', () => {
    const failure = new PrivateAddressError('10.0.0.5', publicAddresses('a setting allows it'));
    expect(describeFailure(failure)).toContain('10.0.0.5 is not an address of the public internet');
    expect(describeFailure(new AggregateError([failure]))).toBe(describeFailure(failure));
  });

  it('never quotes a message', () => {
    const odd = [
      new Error('hidden-word'),
      new AggregateError([], 'hidden-word'),
      'hidden-word',
      undefined,
      { code: 'x' },
    ];
    for (const failure of odd) expect(describeFailure(failure)).not.toContain('hidden-word');
    expect(describeFailure(new TypeError('hidden-word'))).toBe('TypeError');
    expect(describeFailure('hidden-word')).toBe('for an unknown reason');
  });
});
