import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { cleanName, normalEmail, showsSomething } from './visible-text.js';

afterEach(() => {
  jest.restoreAllMocks();
});

describe('a text', () => {
  it.each([
    ['zero width space', '\u200b'],
    ['Braille blank', '\u2800'],
    ['Hangul filler', '\u3164'],
    ['halfwidth Hangul filler', '\uffa0'],
    ['Hangul jamo fillers', '\u115f\u1160'],
    ['right-to-left override', '\u202e'],
    ['byte order mark', '\ufeff'],
    ['soft hyphen', '\u00ad'],
    ['word joiner', '\u2060'],
    ['invisible times', '\u2062'],
    ['combining grapheme joiner', '\u034f'],
    ['Mongolian vowel separator', '\u180e'],
    ['joiners', '\u200c\u200d'],
    ['variation selectors', '\ufe0f\u{e0100}'],
    ['tags', '\u{e0041}\u{e007f}'],
    ['no-break, ideographic and other spaces', '\u00a0\u3000\u2003\u1680'],
    ['line and paragraph separators', '\u2028\u2029'],
    ['musical null notehead', '\u{1d159}'],
    ['blanks and line breaks', ' \n\t\r '],
    ['control characters', '\u0007\u0085'],
    ['nothing', ''],
  ])('of %s shows nothing', (_, text) => {
    expect(showsSomething(text)).toBe(false);
    expect(showsSomething(text.repeat(3))).toBe(false);
    expect(showsSomething(`${text}a${text}`)).toBe(true);
  });

  it.each(['a', '.', '漢', '👍', '❤\ufe0f', '\u200bx', '🏴\u{e0067}\u{e007f}', 'می‌خواهم', '٪', '\ufffc', '\u0301'])(
    '%j shows something',
    (text) => {
      expect(showsSomething(text)).toBe(true);
    },
  );
});

describe('a name', () => {
  it.each([
    ['Ada Lovelace', 'Ada Lovelace'],
    ['  Ada  Lovelace ', 'Ada Lovelace'],
    ['A\u0308da', 'Äda'],
    ['Ada\u200b', 'Ada'],
    ['\u202eadA\u202c', 'adA'],
    ['\u2067Ada\u2069\u200f', 'Ada'],
    ['Ad\u00ada\u2800\u3164', 'Ada'],
    ['山田\u3000太郎', '山田 太郎'],
    ['Ada\u00a0L.', 'Ada L.'],
    ['e\u200b\u0301', 'é'],
    ['\u200d\u200c', ''],
    ['a\u200d\u200db', 'ab'],
    ['A\u200dda', 'Ada'],
    ['и\u200cван', 'иван'],
    ['Ada\u200d', 'Ada'],
    ['Ada\ufe0f', 'Ada'],
    ['7\ufe0f', '7'],
    ['\u1820\u180b\u180b\u180c', '\u1820\u180b'],
    ['🏴\u{e0067}\u{e007f}\u{e007f}\u{e0067}', '🏴\u{e0067}\u{e007f}'],
    ['x\u{e0067}🏴', 'x🏴'],
  ])('%j is %j', (name, cleaned) => {
    expect(cleanName(name)).toBe(cleaned);
  });

  it.each([
    ['a Persian word with its joiner', 'می\u200cخواهم'],
    ['a Devanagari conjunct', 'क्\u200dष'],
    ['a family', '👨\u200d👩\u200d👧\u200d👦'],
    ['a toned detective', '🕵🏽\u200d♂\ufe0f'],
    ['a heart', 'I ❤\ufe0f you'],
    ['a rainbow flag', '🏳\ufe0f\u200d🌈'],
    ['a keycap', '1\ufe0f\u20e3'],
    ['the flag of Scotland', '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}'],
    ['a name with its own form of an ideograph', '葛\u{e0100}城'],
    ['Hebrew and Arabic', 'שלום مرحبا'],
    ['Thai', 'สวัสดี'],
    ['a Mongolian letter in another form', '\u1820\u180b'],
  ])('keeps %s', (_, name) => {
    expect(cleanName(name)).toBe(name);
  });

  it.each([
    ['selectors and tags', `x${'\u180b'.repeat(277)}🏴${'\u{e0061}'.repeat(360)}`, `x🏴${'\u{e0061}'.repeat(360)}`],
    ['marks that change places', `\u0301${'\u200d\u093c'.repeat(490)}`, `${'\u093c'.repeat(490)}\u0301`],
    ['letters that change places', `e\u0301${'\u180b\u18a9'.repeat(490)}`, `é${'\u18a9'.repeat(490)}`],
  ])('is looked at a few times, however many %s are in it', (_, name, cleaned) => {
    const normalize = jest.spyOn(String.prototype, 'normalize');
    expect(cleanName(name)).toBe(cleaned);
    expect(normalize.mock.calls.length).toBeLessThanOrEqual(6);
    expect(cleanName(cleaned)).toBe(cleaned);
  });

  it('leaves control characters for validation to refuse', () => {
    expect(cleanName('a\nb\u0000')).toBe('a\nb\u0000');
  });

  it('is the same in both Unicode forms, and once cleaned stays as it is', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }),
      fc.constantFrom(
        '\u200d',
        '\u200c',
        '\ufe0f',
        '\u200b',
        '\u202e',
        '\u0301',
        '👩',
        '🏽',
        '\u3164',
        'م',
        ' ',
        '\u{e0067}',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const name = pieces.join('');
        const cleaned = cleanName(name);
        expect(cleanName(cleaned)).toBe(cleaned);
        expect(cleanName(name.normalize('NFD'))).toBe(cleaned);
        expect(cleaned === '' || showsSomething(cleaned)).toBe(true);
      }),
      { numRuns: 2_000, seed: 14 },
    );
  });
});

describe('an e-mail address', () => {
  it.each([
    ['Ada@Example.COM', 'ada@example.com'],
    [' ada@example.com ', 'ada@example.com'],
    ['A\u0308da@example.com', 'äda@example.com'],
    ['Äda@example.com', 'äda@example.com'],
    ['ａｄａ@example.com', 'ada@example.com'],
    ['ada@B\u00fccher.example', 'ada@bücher.example'],
    ['ada@bu\u0308cher.example', 'ada@bücher.example'],
    ['ada@xn--bcher-kva.example', 'ada@bücher.example'],
    ['ada@example．com', 'ada@example.com'],
  ])('%j is %j', (text, email) => {
    expect(normalEmail(text)).toBe(email);
    expect(normalEmail(email)).toBe(email);
  });

  it.each([
    'a\u200bda@example.com',
    'ada@exam\u00adple.com',
    'ada\u3164@example.com',
    '\u202eada@example.com',
    'a da@example.com',
    'ada',
    '@example.com',
    'ada@',
    'ada@xn--\u00e4',
    '',
  ])('is not %j', (text) => {
    expect(normalEmail(text)).toBeUndefined();
  });
});
