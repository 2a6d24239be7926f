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
    ['no browser', {}, false],
    ['the server’s own page', { origin: 'https://chat.example.com', 'sec-fetch-site': 'same-origin' }, false],
    ['the same of an older browser', { origin: 'https://chat.example.com' }, false],
    ['an allowed page', { origin: 'https://app.example.com', 'sec-fetch-site': 'same-site' }, false],
    ['the same host over another scheme', { origin: 'http://chat.example.com', 'sec-fetch-site': 'cross-site' }, true],
    ['another page', { origin: 'https://evil.example.com' }, true],
    ['a page that names no origin', { 'sec-fetch-site': 'cross-site' }, true],
    ['a page without one', { origin: 'null' }, true],
  ])('%s', (_, headers, expected) => {
    expect(isCrossOrigin({ host, ...headers })).toBe(expected);
  });
});
