import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { isPublicIpAddress } from './public-ip-address.js';
import { lookupPublic } from './public-lookup.js';

export interface PublicPostOptions {
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  /** Milliseconds for all of it. */
  timeoutMs: number;
  /** The operator names this host: its IP address need not be public, nor its connection encrypted. */
  isAllowed: boolean;
}

const MAX_HEADER_BYTES = 16 * 1024;

/**
 * POST to a URL that a client chose. Only hosts of the public Internet are reached, by TLS: the address is checked when it is
 * connected to. No redirect is followed; what the answer says beyond its status and `Retry-After` is not read.
 * @throws Error where there is no answer
 */
export function publicPost(
  url: URL,
  { headers, body, timeoutMs, isAllowed }: PublicPostOptions,
): Promise<{ status: number; retryAfter: string | undefined }> {
  if (url.protocol !== 'https:' && !isAllowed) return Promise.reject(new Error('a protocol that is not sent to'));
  // No lookup is made for these.
  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (!isAllowed && isIP(hostname) !== 0 && !isPublicIpAddress(hostname))
    return Promise.reject(new Error('an address that is not public'));
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const sent = send(
      url,
      {
        method: 'POST',
        // A connection of its own: one that is kept could have been opened for another name.
        agent: false,
        headers: { 'user-agent': 'Parley push', ...headers, 'content-length': String(body.length) },
        maxHeaderSize: MAX_HEADER_BYTES,
        signal: AbortSignal.timeout(timeoutMs),
        ...(isAllowed ? {} : { lookup: lookupPublic }),
      },
      (response) => {
        response.destroy();
        resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] });
      },
    );
    sent.on('error', reject);
    // Where the server speaks another protocol from here on (101), neither an answer nor an error comes.
    sent.on('close', () => reject(new Error('no answer')));
    sent.end(body);
  });
}
