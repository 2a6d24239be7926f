import { Agent as HttpAgent, type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { isPublicIpAddress } from './public-ip-address.js';
import { lookupPublic } from './public-lookup.js';

export interface PublicFetchOptions {
  /** Milliseconds for all of it, redirects and body included. */
  timeoutMs: number;
  /** Bytes of the body after decoding, at most. */
  maxBytes: number;
  /** True: what is beyond `maxBytes` is left out; false: it fails. */
  truncate: boolean;
  /** How often the server may lead elsewhere. */
  maxRedirects: number;
  accept: string;
  /** Whether a body of this `Content-Type` is wanted. Asked before it is read. */
  takes(contentType: string): boolean;
  /** Hosts that may be reached although they are not public: `host` or `host:port`. */
  allowedHosts: readonly string[];
}

export interface FetchedBody {
  /** The last of the redirects. */
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

const MAX_HEADER_BYTES = 16 * 1024;

/**
 * GET of a URL that a user chose. Only hosts of the public Internet are reached, and their ports 80 and 443: each address
 * is checked when it is connected to, so that a name which resolves otherwise a moment later gains nothing, and each
 * redirect anew. No cookies, no credentials, no proxy of the environment.
 * @throws Error with a message for the log where there is nothing to be had.
 */
export async function publicFetch(url: string, options: PublicFetchOptions): Promise<FetchedBody> {
  const ending = AbortSignal.timeout(options.timeoutMs);
  let target = new URL(url);
  for (let redirects = 0; ; redirects += 1) {
    const response = await open(target, options, ending);
    const status = response.statusCode ?? 0;
    const { location } = response.headers;
    if (status >= 300 && status < 400 && location !== undefined) {
      response.destroy();
      if (redirects >= options.maxRedirects) throw new Error('too many redirects');
      if (!URL.canParse(location, target.href)) throw new Error('a redirect to nowhere');
      target = new URL(location, target.href);
      continue;
    }
    try {
      if (status !== 200) throw new Error(`status ${status}`);
      if (!options.takes(response.headers['content-type'] ?? '')) throw new Error('another content type');
      return { url: target.href, headers: response.headers, body: await read(response, options, ending) };
    } finally {
      response.destroy();
    }
  }
}

/** Whether a URL's host is one of those that may be reached although they are not public: `host` or `host:port`. */
export function isAllowedHost(url: URL, allowedHosts: readonly string[]): boolean {
  return allowedHosts.includes(url.hostname) || allowedHosts.includes(`${url.hostname}:${portOf(url)}`);
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

function open(
  target: URL,
  { accept, allowedHosts }: PublicFetchOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const isSecure = target.protocol === 'https:';
  if (!isSecure && target.protocol !== 'http:') throw new Error(`a protocol that is not fetched: ${target.protocol}`);
  if (target.username !== '' || target.password !== '') throw new Error('a URL with credentials');
  const hostname = target.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = portOf(target);
  const isAllowed = isAllowedHost(target, allowedHosts);
  if (!isAllowed && port !== 80 && port !== 443) throw new Error(`a port that is not reached: ${port}`);
  // No lookup is made for these.
  if (!isAllowed && isIP(hostname) !== 0 && !isPublicIpAddress(hostname))
    throw new Error('an address that is not public');
  return new Promise((settle, reject) => {
    const send = isSecure ? httpsRequest : httpRequest;
    const sent = send(
      target,
      {
        // A connection of its own: one that is kept could have been opened for another name.
        agent: isSecure ? new HttpsAgent({ keepAlive: false }) : new HttpAgent({ keepAlive: false }),
        headers: {
          accept,
          'accept-encoding': 'gzip, deflate, br',
          'accept-language': 'en;q=0.8, *;q=0.5',
          'user-agent': 'Mozilla/5.0 (compatible; Parley link preview)',
        },
        maxHeaderSize: MAX_HEADER_BYTES,
        signal,
        ...(isAllowed ? {} : { lookup: lookupPublic }),
      },
      settle,
    );
    sent.on('error', reject);
    // Where the server speaks another protocol from here on (101), neither an answer nor an error comes.
    sent.on('close', () => reject(new Error('no answer')));
    sent.end();
  });
}

async function read(
  response: IncomingMessage,
  { maxBytes, truncate }: PublicFetchOptions,
  signal: AbortSignal,
): Promise<Buffer> {
  const decoder = decoderOf(response.headers['content-encoding']);
  const source: Readable = decoder === undefined ? response : response.pipe(decoder);
  const end = (): void => {
    source.destroy(new Error('it took too long'));
  };
  // The request's own signal ends with the headers.
  signal.addEventListener('abort', end, { once: true });
  response.on('error', (error) => source.destroy(error));
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size < maxBytes) continue;
      if (size > maxBytes && !truncate) throw new Error('it is too large');
      break;
    }
  } finally {
    signal.removeEventListener('abort', end);
    source.destroy();
  }
  return Buffer.concat(chunks).subarray(0, maxBytes);
}

function decoderOf(encoding: string | undefined): ReturnType<typeof createGunzip> | undefined {
  switch (encoding?.trim().toLowerCase()) {
    case undefined:
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      throw new Error('an encoding that was not asked for');
  }
}
