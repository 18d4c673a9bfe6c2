import { describe, expect, it } from 'vitest';
import { publicAddresses, readNetworks } from '../../../src/outgoing/address-rule.js';

describe('which addresses may be connected to', () => {
  const allows = (networks: string, address: string): boolean =>
    publicAddresses('a setting allows it', readNetworks(networks)).allows(address);

  it.each(['8.8.8.8', '2606:4700:4700::1111'])('%s of the public internet may be, whatever is listed', (address) => {
    expect(publicAddresses('').allows(address)).toBe(true);
    expect(allows('', address)).toBe(true);
    expect(allows('10.0.0.0/8', address)).toBe(true);
  });

  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['10.1.0.0/16', '10.1.255.255'],
    // With bits behind the prefix.
    ['10.1.2.3/16', '10.1.0.1'],
    [' 10.0.0.0/8 , fd00::/8 ,', 'fd12::1'],
    ['10.0.0.0/8', '::ffff:10.0.0.1'],
    ['10.0.0.0/8', '::ffff:a00:1'],
    ['::1/128', '::1'],
    ['::/0', '::1'],
    ['0.0.0.0/0', '169.254.169.254'],
  ])('%s lets %s be', (networks, address) => expect(allows(networks, address)).toBe(true));

  it.each([
    ['', '127.0.0.1'],
    ['127.0.0.1', '127.0.0.2'],
    ['10.1.0.0/16', '10.2.0.0'],
    ['fd00::/8', 'fc00::1'],
    ['10.0.0.0/8', '127.0.0.1'],
    ['0.0.0.0/0', '::1'],
    ['10.0.0.0/8', '010.0.0.1'],
    ['10.0.0.0/8', 'localhost'],
    ['0.0.0.0/0', ''],
  ])('%s does not let %s be', (networks, address) => expect(allows(networks, address)).toBe(false));

  it.each([
    'localhost',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    'fe80::%eth0/64',
    '10.1',
    'x/8',
  ])('%s is no network', (text) => {
    expect(readNetworks(text)).toBeUndefined();
    expect(readNetworks(`10.0.0.0/8,${text}`)).toBeUndefined();
  });
});
