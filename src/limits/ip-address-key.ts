import type { IncomingMessage } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import proxyAddress from 'proxy-addr';

/**
 * The key of an IP address for limits: an IPv4 address as it is, also where it is written as IPv6; of an IPv6 address its
 * /64, since whoever has one address of that has all of them.
 */
export function ipAddressKey(ipAddress: string | undefined): string {
  if (ipAddress === undefined) return 'unknown';
  const plain = plainIpAddress(ipAddress);
  return isIPv6(plain) ? prefixOf(plain, 4) : plain;
}

/** The key of the network that an IP address is in, as one customer of a hoster may have it: an IPv4 /24, an IPv6 /48. */
export function networkKey(ipAddress: string | undefined): string {
  if (ipAddress === undefined) return 'unknown';
  const plain = plainIpAddress(ipAddress);
  if (isIPv6(plain)) return prefixOf(plain, 3);
  return isIPv4(plain) ? `${plain.slice(0, plain.lastIndexOf('.'))}.0/24` : plain;
}

function prefixOf(ipAddress: string, groupCount: number): string {
  const [head = '', tail] = ipAddress.split('%')[0]?.split('::') ?? [];
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const end = tail === '' ? [] : tail.split(':');
    while (groups.length + end.length < 8) groups.push('0');
    groups.push(...end);
  }
  return `${groups
    .slice(0, groupCount)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/${groupCount * 16}`;
}

/** Where a request that Express has not seen comes from: the same as `request.ip` of those it has. */
export function clientIpAddress(request: IncomingMessage, trustedProxies: number): string | undefined {
  // A socket that is gone already has no IP address.
  if (request.socket.remoteAddress === undefined) return undefined;
  return proxyAddress(request, (_, distance) => distance < trustedProxies);
}

/**
 * An IPv4 address that a dual-stack socket shows as IPv6, as IPv4, and either without its port: some proxies write that into
 * `X-Forwarded-For`, and it is another one for every connection.
 */
export function plainIpAddress(ipAddress: string): string {
  return ipAddress
    .replace(/^\[([^\]]*)\](?::\d+)?$/, '$1')
    .replace(/^::ffff:(?=\d+\.)/i, '')
    .replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1');
}
