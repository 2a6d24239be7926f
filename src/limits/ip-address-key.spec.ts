import { describe, expect, it } from '@jest/globals';
import { ipAddressKey, networkKey } from './ip-address-key.js';

describe('the key of an IP address', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:aaaa:bbbb:cccc:dddd', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:2::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['203.0.113.9:50123', '203.0.113.9'],
    ['[2001:db8::1]:443', '2001:db8:0:0::/64'],
    ['[2001:db8::1]', '2001:db8:0:0::/64'],
    ['[::ffff:203.0.113.9]:443', '203.0.113.9'],
    ['2001:db8:1:2:3:4:5:443', '2001:db8:1:2::/64'],
    ['nonsense:443', 'nonsense:443'],
    [undefined, 'unknown'],
  ])('of %s is %s', (ipAddress, key) => {
    expect(ipAddressKey(ipAddress)).toBe(key);
  });
});

describe('the key of the network of an IP address', () => {
  it.each([
    ['203.0.113.7', '203.0.113.0/24'],
    ['::ffff:203.0.113.7', '203.0.113.0/24'],
    ['2001:db8:1:2:aaaa:bbbb:cccc:dddd', '2001:db8:1::/48'],
    ['2001:db8::1', '2001:db8:0::/48'],
    ['203.0.113.9:50123', '203.0.113.0/24'],
    ['[2001:db8::1]:443', '2001:db8:0::/48'],
    ['nonsense', 'nonsense'],
    [undefined, 'unknown'],
  ])('of %s is %s', (ipAddress, key) => {
    expect(networkKey(ipAddress)).toBe(key);
  });
});
