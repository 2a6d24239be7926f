import type { Configuration } from './configuration.js';

const LOCALHOST = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/**
 * Which origins a browser may call from, for HTTP and sockets alike: `CORS_ORIGINS`, and in development also this
 * machine. A client that sends no origin is no browser on a page of another origin.
 */
export function originPolicy({ corsOrigins, production }: Configuration): (origin: string | undefined) => boolean {
  const allowed = new Set(corsOrigins);
  return (origin) => origin === undefined || allowed.has(origin) || (!production && LOCALHOST.test(origin));
}

/** What a browser says of the page that made a request. */
export interface RequestHeaders {
  origin?: string | undefined;
  host?: string | undefined;
  'sec-fetch-site'?: string | string[] | undefined;
}

/**
 * Whether a request shows that a page of another origin made it: then the cookies that came with it say nothing of the
 * user's will. A browser says so by `Origin` or `Sec-Fetch-Site`, which no page can forge; who sends neither is no browser.
 */
export function crossOriginPolicy(configuration: Configuration): (headers: RequestHeaders) => boolean {
  const isAllowedOrigin = originPolicy(configuration);
  return ({ origin, host, 'sec-fetch-site': site }) => {
    if (origin === undefined) return site !== undefined && site !== 'same-origin' && site !== 'none';
    // The same host over another scheme is another origin, and browsers that speak https say so.
    const isSameHost = host !== undefined && isOfHost(origin, host);
    const isOwn = isSameHost && (site === undefined || site === 'same-origin');
    return !isOwn && !isAllowedOrigin(origin);
  };
}

/** Proxies may add the port that the scheme implies, which no browser names. */
function isOfHost(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  return url.host === host.toLowerCase().replace(url.protocol === 'https:' ? /:443$/ : /:80$/, '');
}
