import { BlockList, isIP } from 'node:net';

/** IPv4 that is not of the public Internet (IANA's registry of special-purpose addresses; multicast and reserved). */
const SPECIAL_IPV4: readonly (readonly [network: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];
/** What of 2000::/3 is not: protocol assignments with Teredo among them, documentation, 6to4. */
const SPECIAL_IPV6: readonly (readonly [network: string, prefix: number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const special = new BlockList();
const global = new BlockList();
for (const [network, prefix] of SPECIAL_IPV4) {
  special.addSubnet(network, prefix, 'ipv4');
  // Behind the prefix by which networks without IPv4 reach it.
  special.addSubnet(`64:ff9b::${network}`, 96 + prefix, 'ipv6');
}
for (const [network, prefix] of SPECIAL_IPV6) special.addSubnet(network, prefix, 'ipv6');
global.addSubnet('2000::', 3, 'ipv6');
global.addSubnet('64:ff9b::', 96, 'ipv6');
// IPv4 as IPv6 writes it is looked up as IPv4.
global.addSubnet('::ffff:0:0', 96, 'ipv6');

/**
 * Whether an IP address is one of the public Internet. Loopback, private, link-local (the metadata services of clouds
 * among them), shared, reserved and multicast ones are not, nor IPv6 addresses that lead to such an IPv4 address.
 */
export function isPublicIpAddress(ipAddress: string): boolean {
  const version = isIP(ipAddress);
  // Zones name an interface of this machine.
  if (version === 0 || ipAddress.includes('%')) return false;
  if (version === 4) return !special.check(ipAddress, 'ipv4');
  return global.check(ipAddress, 'ipv6') && !special.check(ipAddress, 'ipv6');
}
