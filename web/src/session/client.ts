import { createClient } from '@parley/client';
import { cookieSession } from '@parley/client/cookies';
import { indexedDbStorage } from '@parley/client/storage/indexeddb';

/** The one client of this page. Its session is in cookies that no script reads. */
export const client = createClient({
  url: location.origin,
  storage: indexedDbStorage(),
  deviceName: deviceName(),
  ...cookieSession(),
});

function deviceName(): string {
  const agent = navigator.userAgent;
  const browser = /Edg\//.test(agent)
    ? 'Edge'
    : /Firefox\//.test(agent)
      ? 'Firefox'
      : /Chrom(e|ium)\//.test(agent)
        ? 'Chrome'
        : /Safari\//.test(agent)
          ? 'Safari'
          : 'Browser';
  const system = /Android/.test(agent)
    ? 'Android'
    : /iPhone|iPad/.test(agent)
      ? 'iOS'
      : /Windows/.test(agent)
        ? 'Windows'
        : /Mac OS/.test(agent)
          ? 'macOS'
          : /Linux/.test(agent)
            ? 'Linux'
            : '';
  return system === '' ? browser : `${browser}, ${system}`;
}
