import { type LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { publicAddresses } from '../../../src/outgoing/address-rule.js';
import {
  type Resolve,
  guardedConnector,
  PrivateAddressError,
  guardedLookup,
} from '../../../src/outgoing/guarded-connector.js';

const rule = publicAddresses('HTTP_SOURCE_ALLOW_PRIVATE=true allows it');
const open: LookupAddress = { address: '93.184.216.34', family: 4 };
const open6: LookupAddress = { address: '2606:4700::1', family: 6 };
const inner: LookupAddress = { address: '10.0.0.5', family: 4 };

/** Answers each question with the next of its answers. */
function resolver(...answers: (LookupAddress[] | Error)[]): Resolve & { asked: number } {
  const resolve = Object.assign(
    (_name: string, _options: object, callback: Parameters<Resolve>[2]) => {
      const answer = answers[resolve.asked] ?? [];
      resolve.asked += 1;
      if (answer instanceof Error) callback(answer, []);
      else callback(null, answer);
    },
    { asked: 0 },
  );
  return resolve;
}

function look(resolve: Resolve, all: boolean): Promise<unknown> {
  return new Promise((done, fail) => {
    guardedLookup(resolve, rule)('town.example', { all }, (error, address, family) =>
      error ? fail(error) : done(all ? address : { address, family }),
    );
  });
}

describe('the lookup of public addresses', () => {
  it('gives the very addresses that it checked, and asks once for them', async () => {
    const resolve = resolver([open, open6]);
    expect(await look(resolve, true)).toEqual([open, open6]);
    expect(resolve.asked).toBe(1);
    expect(await look(resolver([open6, open]), false)).toEqual(open6);
  });

  it('keeps private ones to itself', async () => {
    expect(await look(resolver([inner, open]), true)).toEqual([open]);
    expect(await look(resolver([inner, open]), false)).toEqual(open);
  });

  it.each([true, false])('refuses a name that has no other (all: %s)', async (all) => {
    await expect(look(resolver([inner]), all)).rejects.toBeInstanceOf(PrivateAddressError);
    await expect(look(resolver([]), all)).rejects.toBeInstanceOf(PrivateAddressError);
    await expect(look(resolver([inner]), all)).rejects.toThrow(/town\.example.*HTTP_SOURCE_ALLOW_PRIVATE/);
  });

  it('refuses a name that was public a moment ago', async () => {
    const resolve = resolver([open], [inner]);
    expect(await look(resolve, false)).toEqual(open);
    await expect(look(resolve, false)).rejects.toBeInstanceOf(PrivateAddressError);
  });

  it('passes on that a name is not known', async () => {
    const unknown = Object.assign(new Error('nobody'), { code: 'ENOTFOUND' });
    await expect(look(resolver(unknown), true)).rejects.toBe(unknown);
  });
});

describe('the guarded connector', () => {
  it.each(['127.0.0.1', '[::1]', '[::ffff:7f00:1]', '169.254.169.254', '0.0.0.0'])(
    'opens no socket to %s, which nobody has to look up',
    async (hostname) => {
      const connect = guardedConnector({ rule, resolve: resolver(), timeoutMs: 1_000 });
      const error = await new Promise((done) =>
        connect({ hostname, protocol: 'http:', port: '9' }, (...[failure]) => done(failure)),
      );
      expect(error).toBeInstanceOf(PrivateAddressError);
    },
  );
});
