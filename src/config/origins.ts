import type { Configuration } from './configuration.js';

const LOCALHOST = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/**
 * Which origins a browser may call from, for HTTP and sockets alike: `CORS_ORIGINS`, and in development also this
 * machine. Whoever sends no origin is no browser on a foreign page.
 */
export function originPolicy({ corsOrigins, production }: Configuration): (origin: string | undefined) => boolean {
  const allowed = new Set(corsOrigins);
  return (origin) => origin === undefined || allowed.has(origin) || (!production && LOCALHOST.test(origin));
}
