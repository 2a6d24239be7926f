import { promises } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isPublicIpAddress } from './public-ip-address.js';

/** How long a name server may take, the first time it is asked. It is asked twice. */
const ANSWER_MS = 2_000;
const TRIES = 2;

/**
 * Answers the public IP addresses of a name, which the connection is then made to; fails where one of them is not.
 *
 * Name servers are asked directly and not by the system's `getaddrinfo`: that holds one of the process's few threads until it is
 * answered, so that names whose servers never answer, which any user can write, would hold up everybody's look-ups. Names of
 * `/etc/hosts` are none of the public Internet's.
 */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  addressesOf(hostname, options.family).then(
    (addresses) => {
      const [first] = addresses;
      if (first === undefined || !addresses.every(({ address }) => isPublicIpAddress(address)))
        callback(new Error('an address that is not public'), '', 0);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    },
    (error: Error) => callback(error, '', 0),
  );
};

/** Of both families, unless one is asked for; empty for this machine itself. */
async function addressesOf(hostname: string, family: unknown): Promise<LookupAddress[]> {
  if (/(^|\.)localhost\.?$/i.test(hostname)) return [];
  const resolver = new promises.Resolver({ timeout: ANSWER_MS, tries: TRIES });
  const [four, six] = await Promise.allSettled([
    family === 6 || family === 'IPv6' ? [] : resolver.resolve4(hostname),
    family === 4 || family === 'IPv4' ? [] : resolver.resolve6(hostname),
  ]);
  const found = [
    ...(four.status === 'fulfilled' ? four.value.map((ipAddress) => ({ address: ipAddress, family: 4 })) : []),
    ...(six.status === 'fulfilled' ? six.value.map((ipAddress) => ({ address: ipAddress, family: 6 })) : []),
  ];
  if (found.length > 0) return found;
  throw four.status === 'rejected' ? four.reason : new Error('a name without an address');
}
