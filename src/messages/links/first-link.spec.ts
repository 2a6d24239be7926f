import { describe, expect, it } from '@jest/globals';
import { firstLink } from './first-link.js';

describe('the first link of a text', () => {
  it.each([
    ['look: https://example.com/a?b=c#d', 'https://example.com/a?b=c'],
    [
      '(see https://en.wikipedia.org/wiki/Chat_(disambiguation)).',
      'https://en.wikipedia.org/wiki/Chat_(disambiguation)',
    ],
    ['https://example.com, https://other.example', 'https://example.com/'],
    ['<https://example.com/x>', 'https://example.com/x'],
    ['**https://example.com/x**', 'https://example.com/x'],
    ['([{https://example.com/a(b)[c]{d}}.]).', 'https://example.com/a(b)[c]%7Bd%7D'],
    ['https://example.com/a(b)).(c', 'https://example.com/a(b)).(c'],
    ['HTTPS://Example.COM/Path!', 'https://example.com/Path'],
    ['http://exämple.com/ü', 'http://xn--exmple-cua.com/%C3%BC'],
    ['https://user:secret@example.com then https://second.example/', 'https://second.example/'],
    ['http://localhost:3000 and https://second.example', 'https://second.example/'],
  ])('of %j is %s', (text, link) => {
    expect(firstLink(text, [])).toBe(link);
  });

  it.each([
    '',
    'no link',
    'ftp://example.com',
    'javascript:alert(1)',
    'me@https',
    'https://',
    `https://example.com/${'x'.repeat(2_048)}`,
  ])('of %j is none', (text) => {
    expect(firstLink(text, [])).toBeUndefined();
  });

  it.each([
    ['http://localhost:3955/a', ['localhost:3955'], 'http://localhost:3955/a'],
    ['http://localhost:3955/a', ['localhost'], 'http://localhost:3955/a'],
    ['http://vm/ and https://second.example', ['vm:80'], 'http://vm/'],
    ['http://vm/ and https://second.example', ['vm:443', 'localhost'], 'https://second.example/'],
    ['http://localhost:3956/a', ['localhost:3955'], undefined],
  ])('of %j with the hosts %j is %s', (text, allowedHosts, link) => {
    expect(firstLink(text, allowedHosts)).toBe(link);
  });

  it('is found in linear time, whatever the text', () => {
    const texts = [
      'https://'.repeat(1_000),
      `https://example.com/${')'.repeat(7_000)}`,
      `https://a.b/${'.'.repeat(7_900)}`,
    ];
    for (const text of texts) firstLink(text, []);
    // Far longer than any message: anything but linear takes days for it.
    const end = `${'.'.repeat(100_000)}${')'.repeat(100_000)}${'.)]'.repeat(50_000)}`;
    expect(firstLink(`https://a.b/${end} https://example.com`, [])).toBe('https://a.b/');
    expect(firstLink(`${'http://x '.repeat(800)} https://example.com`, [])).toBe('https://example.com/');
  });
});
