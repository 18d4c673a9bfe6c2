import { describe, expect, it } from 'vitest';
import { addressGroup, ClientAddress } from '../../../src/rate-limit/client-address.js';
import { rateLimitConfig } from '../../../src/rate-limit/rate-limit.config.js';
import { parseTrustProxy } from '../../../src/rate-limit/trust-proxy.js';

describe('addressGroup', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['203.0.113.9:5123', '203.0.113.9'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::1]:443', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::ffff', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::203.0.113.9', '64:ff9b:0:0::/64'],
    ['1:2:3::4:5:6:7', '1:2:3:0::/64'],
    ['', 'unknown'],
    ['not an address', 'unknown'],
    ['999.1.1.1', 'unknown'],
  ])('counts %j as %j', (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });

  it('takes one /64 for one client, and the next one for another', () => {
    expect(addressGroup('2001:db8:0:7:aaaa::1')).toBe(addressGroup('2001:db8:0:7:bbbb::2'));
    expect(addressGroup('2001:db8:0:7::1')).not.toBe(addressGroup('2001:db8:0:8::1'));
  });
});

describe('ClientAddress', () => {
  const trusting = (setting: string): ClientAddress => {
    const trust = parseTrustProxy(setting);
    if (!trust) throw new Error(`${setting} means nothing`);
    return new ClientAddress(trust);
  };
  const of = (setting: string, forwarded: string | undefined, peer = '10.0.0.1'): string =>
    trusting(setting).of(peer, forwarded === undefined ? {} : { 'x-forwarded-for': forwarded });

  it('believes nobody by default', () => {
    expect(of('false', '203.0.113.9')).toBe('10.0.0.1');
  });

  it('believes as many proxies as it is told, counted from the connection', () => {
    expect(of('1', '198.51.100.1, 203.0.113.9')).toBe('203.0.113.9');
    expect(of('2', '198.51.100.1, 203.0.113.9')).toBe('198.51.100.1');
    expect(of('3', '198.51.100.1, 203.0.113.9')).toBe('198.51.100.1');
  });

  it('believes listed proxies only, and stops at the first other hop', () => {
    const forwarded = '198.51.100.1, 203.0.113.9, 10.9.9.9';
    expect(of('10.0.0.0/8', forwarded)).toBe('203.0.113.9');
    expect(of('10.0.0.1', forwarded)).toBe('10.9.9.9');
    expect(of('uniquelocal', forwarded, '::ffff:10.0.0.1')).toBe('203.0.113.9');
    expect(of('loopback', forwarded)).toBe('10.0.0.1');
    expect(of('fc00::/7', '203.0.113.9', 'fd00::5')).toBe('203.0.113.9');
  });

  it('keeps the peer without a header, and when there is nothing in it', () => {
    expect(of('true', undefined)).toBe('10.0.0.1');
    expect(of('true', ' , ')).toBe('10.0.0.1');
  });

  it('is no address at all when the connection is gone', () => {
    expect(trusting('false').of(undefined, {})).toBe('');
  });
});

describe('TRUST_PROXY', () => {
  it.each([undefined, 'false', 'TRUE', '2', 'loopback, 10.0.0.0/8,2001:db8::/32'])('takes %j', (text) => {
    expect(rateLimitConfig.parse({ TRUST_PROXY: text }).TRUST_PROXY).toBeTypeOf('function');
  });

  it('trusts nobody unless told so', () => {
    expect(rateLimitConfig.parse({}).TRUST_PROXY('127.0.0.1', 0)).toBe(false);
    expect(rateLimitConfig.parse({ TRUST_PROXY: 'True' }).TRUST_PROXY('127.0.0.1', 0)).toBe(true);
  });

  it.each(['yes', '10.0.0.0/33', '10.0.0.0/8/8', 'loopback,', '2001:db8::/129', 'constructor'])(
    'refuses %j',
    (text) => {
      const result = rateLimitConfig.safeParse({ TRUST_PROXY: text });
      expect(result.error?.issues.map(({ path }) => path)).toEqual([['TRUST_PROXY']]);
    },
  );
});
