import { describe, expect, it } from 'vitest';
import { publicAddresses, readNetworks } from '../../../src/outgoing/address-rule.js';
import { type OutgoingRules, urlFault } from '../../../src/outgoing/outgoing-url.js';

const strict: OutgoingRules = { httpAdvice: 'HTTP=on allows it', addresses: publicAddresses('NETWORKS allows it') };
const lenient: OutgoingRules = {
  httpAdvice: undefined,
  addresses: publicAddresses('', readNetworks('127.0.0.0/8,10.0.0.0/8,::1')),
};

describe('a URL that somebody gave', () => {
  it.each([
    'https://example.com/hook',
    'https://example.com:8443/hook?token=x',
    'HTTPS://EXAMPLE.com',
    'https://8.8.8.8/',
    'https://[2606:4700::1111]:443/',
    // Whatever a name stands for is looked at when it is looked up.
    'https://localhost/',
    'https://xn--bcher-kva.example/',
  ])('%s is right', (url) => expect(urlFault(url, strict)).toBeUndefined());

  it.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '017700000001',
    '0',
    '0.0.0.0',
    '10.0.0.1',
    '012.0.0.1',
    '167772161',
    '100.64.0.1',
    '169.254.169.254',
    '0xa9fea9fe',
    '2852039166',
    '172.16.0.1',
    '192.168.1.1',
    '192.0.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '１２７.０.０.１',
    '127。0。0。1',
    '%31%32%37.0.0.1',
    '[::]',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::ffff:a9fe:a9fe]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[64:ff9b:1::a00:1]',
    '[100::1]',
    '[2001::1]',
    '[2001:db8::1]',
    '[2002:7f00:1::]',
    '[3fff::1]',
    '[5f00::1]',
    '[fc00::1]',
    '[fd00:ec2::254]',
    '[fe80::1]',
    '[fec0::1]',
    '[ff02::1]',
  ])('https://%s leads to no public address', (host) => {
    expect(urlFault(`https://${host}/`, strict)).toMatch(
      /^must not lead to [\d.a-f:]+, which .*\(NETWORKS allows it\)$/,
    );
    expect(urlFault(`https://${host}:8443/x`, strict)).toMatch(/^must not lead to/);
  });

  it.each([
    ['http://example.com/', 'must begin with https:// (HTTP=on allows it)'],
    ['ftp://example.com/', 'must begin with https://'],
    ['file:///etc/passwd', 'must begin with https://'],
    ['javascript:alert(1)', 'must begin with https://'],
    ['data:text/plain,x', 'must begin with https://'],
    ['https://user@example.com/', 'must not hold a user or a password'],
    ['https://:secret@example.com/', 'must not hold a user or a password'],
    ['https://example.com/#x', 'must not have a fragment'],
    ['https://example.com:22/', 'must not have the port 22'],
    ['https://example.com:25/', 'must not have the port 25'],
    ['https://example.com:6667/', 'must not have the port 6667'],
    ['https://example.com:0/', 'must not have the port 0'],
    ['example.com/hook', 'must be an address such as https://example.com/hook'],
    ['https://', 'must be an address such as https://example.com/hook'],
    ['https://1.2.3.4.5/', 'must be an address such as https://example.com/hook'],
    ['https://[fe80::1%25eth0]/', 'must be an address such as https://example.com/hook'],
    ['https://exam ple.com/', 'must be an address such as https://example.com/hook'],
    ['', 'must be an address such as https://example.com/hook'],
  ])('%s: %s', (url, fault) => expect(urlFault(url, strict)).toBe(fault));

  it.each(['http://127.0.0.1:1234/', 'http://[::1]/', 'https://10.0.0.1/', 'http://[::ffff:127.0.0.1]/'])(
    '%s is right where that is allowed',
    (url) => expect(urlFault(url, lenient)).toBeUndefined(),
  );

  it('is looked at in all else where http is allowed', () => {
    expect(urlFault('http://192.168.0.1/', lenient)).toMatch(/^must not lead to 192\.168\.0\.1/);
    expect(urlFault('http://u@127.0.0.1/', lenient)).toBe('must not hold a user or a password');
  });
});
