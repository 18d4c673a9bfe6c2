import { describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../../src/outgoing/public-address.js';

describe('public addresses', () => {
  it.each([
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '169.253.255.255',
    '169.255.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.1.0',
    '192.0.3.0',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '198.51.99.255',
    '203.0.114.0',
    '223.255.255.255',
    '2001:200::1',
    '2001:4860:4860::8888',
    '2606:4700:4700::1111',
    '2a00:1450:4001::1',
    '3ffe::1',
    '::ffff:8.8.8.8',
    '::ffff:808:808',
  ])('%s is one', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    ['this network', '0.0.0.0', '0.255.255.255'],
    ['private, 10/8', '10.0.0.0', '10.255.255.255'],
    ['of carriers', '100.64.0.0', '100.127.255.255'],
    ['this machine', '127.0.0.1', '127.255.255.255'],
    ['of one link, clouds tell secrets there', '169.254.0.0', '169.254.169.254'],
    ['private, 172.16/12', '172.16.0.0', '172.31.255.255'],
    ['of protocols', '192.0.0.0', '192.0.0.255'],
    ['of documents', '192.0.2.1', '198.51.100.255', '203.0.113.7'],
    ['private, 192.168/16', '192.168.0.0', '192.168.255.255'],
    ['of benchmarks', '198.18.0.0', '198.19.255.255'],
    ['of groups', '224.0.0.1', '239.255.255.255'],
    ['reserved, and everybody', '240.0.0.0', '255.255.255.255'],
    ['unspecified and this machine in IPv6', '::', '::1'],
    [
      'IPv4 that IPv6 wraps',
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      '::ffff:10.1.2.3',
      '::ffff:169.254.169.254',
      '::ffff:0.0.0.0',
    ],
    ['IPv4 in the old form', '::127.0.0.1', '::8.8.8.8'],
    ['translated to IPv4', '64:ff9b::a00:1', '64:ff9b::808:808', '64:ff9b:1::1'],
    ['discarded', '100::1', '100::ffff:ffff:ffff:ffff'],
    ['Teredo and protocols in IPv6', '2001::1', '2001:1ff:ffff::1'],
    ['of documents in IPv6', '2001:db8::1', '3fff::1'],
    ['6to4', '2002:7f00:1::', '2002:808:808::1'],
    ['private in IPv6', 'fc00::1', 'fdff:ffff::1'],
    ['of one link in IPv6', 'fe80::1', 'febf::1', 'fe80::1%eth0', '2606:4700::1%eth0', 'fec0::1'],
    ['of groups in IPv6', 'ff00::1', 'ff02::1', 'ffff::1'],
    [
      'no address',
      '',
      'localhost',
      '1.2.3',
      '01.2.3.4',
      '8.8.8.8.',
      ' 8.8.8.8',
      '0x8.8.8.8',
      '[2606:4700::1]',
      '2606:4700::/32',
    ],
  ])('%s: none', (_what, ...addresses) => {
    expect(addresses.filter((address) => isPublicAddress(address))).toEqual([]);
  });
});
