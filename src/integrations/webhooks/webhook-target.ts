import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { invalidField } from '../../common/errors.js';
import { isPublicIpAddress } from '../../outbound/public-ip-address.js';
import { isAllowedHost } from '../../outbound/public-fetch.js';

export const MAX_URL_LENGTH = 2_000;
const LOOKUP_TIMEOUT_MS = 3_000;
/** Names that no public server has (RFC 6761, 6762, 8375, and ICANN's for private use), whether they lead anywhere now or not. */
const INSIDE = /(^|\.)(localhost|local|internal|home\.arpa)\.?$/;

/**
 * Where a webhook may lead: to port 443 of a public host by TLS, or to what the operator names (`WEBHOOK_ALLOWED_HOSTS`). A name
 * that leads inside is refused here, for people; what it leads to at each attempt, `publicPost` looks at again.
 * @returns the URL in its one spelling
 * @throws DomainError VALIDATION_FAILED (`url`)
 */
export async function webhookTarget(given: string, allowedHosts: readonly string[]): Promise<string> {
  const refusal = (message: string): Error => invalidField('url', `url ${message}`);
  if (!URL.canParse(given)) throw refusal('must be an https:// URL');
  const url = new URL(given);
  url.hash = '';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refusal('must be an https:// URL');
  if (url.username !== '' || url.password !== '') throw refusal('must not contain a user or a password');
  if (url.href.length > MAX_URL_LENGTH) throw refusal(`must be at most ${MAX_URL_LENGTH} characters`);
  if (isAllowedHost(url, allowedHosts)) return url.href;
  if (url.protocol !== 'https:') throw refusal('must be an https:// URL');
  if (url.port !== '') throw refusal('must be at port 443');
  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (INSIDE.test(hostname) || !(await leadsOutside(hostname))) throw refusal('must lead to a public host');
  return url.href;
}

/** A name that nobody knows at the moment may be one that is about to be made. */
async function leadsOutside(hostname: string): Promise<boolean> {
  if (isIP(hostname) !== 0) return isPublicIpAddress(hostname);
  let timer: NodeJS.Timeout | undefined;
  const nothing = new Promise<[]>((resolve) => {
    timer = setTimeout(() => resolve([]), LOOKUP_TIMEOUT_MS);
  });
  const found = lookup(hostname, { all: true }).catch(() => []);
  const addresses = await Promise.race([found, nothing]);
  clearTimeout(timer);
  return addresses.every(({ address }) => isPublicIpAddress(address));
}
