import { describe, expect, it } from '@jest/globals';
import type { Configuration } from './configuration.js';
import { crossOriginPolicy } from './origins.js';

describe('crossOriginPolicy', () => {
  const isCrossOrigin = crossOriginPolicy({
    corsOrigins: ['https://app.example.com'],
    production: true,
  } as unknown as Configuration);
  const host = 'chat.example.com';

  it.each([
    ['no browser', false, {}],
    ['the server’s own page', false, { origin: 'https://chat.example.com', 'sec-fetch-site': 'same-origin' }],
    ['the same of an older browser', false, { origin: 'https://chat.example.com' }],
    ['the same behind a proxy that names the port', false, { origin: 'https://chat.example.com', host: `${host}:443` }],
    ['the same by plain HTTP', false, { origin: 'http://chat.example.com', host: `${host}:80` }],
    ['the server’s own page on another port', false, { origin: 'https://chat.example.com:8443', host: `${host}:8443` }],
    ['a page on another port', true, { origin: 'https://chat.example.com:8443', 'sec-fetch-site': 'same-site' }],
    ['a page on the port of another scheme', true, { origin: 'https://chat.example.com', host: `${host}:80` }],
    ['an allowed page', false, { origin: 'https://app.example.com', 'sec-fetch-site': 'same-site' }],
    ['the same host over another scheme', true, { origin: 'http://chat.example.com', 'sec-fetch-site': 'cross-site' }],
    ['another page', true, { origin: 'https://evil.example.com' }],
    ['a page that names no origin', true, { 'sec-fetch-site': 'cross-site' }],
    ['a page without one', true, { origin: 'null' }],
  ])('answers for %s that it is %s', (_, expected, headers) => {
    expect(isCrossOrigin({ host, ...headers })).toBe(expected);
  });
});
