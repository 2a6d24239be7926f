import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { foldText } from '../../common/text/fold-text.js';
import { hasTerms, hasTrigram, indexedText, likePattern, searchTerms } from './search-text.js';

describe('text as search compares it', () => {
  it.each([
    ['Ärger', 'arger'],
    ['A\u0308rger', 'arger'],
    ['ÄRGER', 'arger'],
    ['Straße STRASSE', 'strasse strasse'],
    ['İstanbul ısı', 'istanbul isi'],
    ['ΟΔΥΣΣΕΥΣ Ὀδυσσεύς', 'οδυσσευσ οδυσσευσ'],
    ['Ёлка Й', 'елка и'],
    ['ﬁne ＡＢＣ１２３ ²', 'fine abc123 2'],
    ['한국어', '한국어'],
    ['한국어'.normalize('NFD'), '한국어'],
    ['が', 'が'],
    ['か\u3099', 'が'],
    ['हिन्दी', 'हिन्दी'],
    ['مُحَمَّد', 'محمد'],
    ['a\u00adb\u200bc\ufeffd', 'abcd'],
    ['❤️ ❤', '❤ ❤'],
    ['  two\n\n\tlines\u00a0here\u3000 ', 'two lines here'],
    ['plain   ASCII ', 'plain ascii'],
    ['Łódź, smørrebrød, œuvre', 'lodz, smorrebrod, oeuvre'],
  ])('folds %j to %j', (text, folded) => {
    expect(foldText(text)).toBe(folded);
  });

  it('has no run of marks that takes long to bring into order', () => {
    // Letters of half a width that become marks are some, too.
    const half = [...foldText(`e${'\u0301\uff9e'.repeat(4_000)}`)].filter((character) => character === '\u3099');
    expect(half).toHaveLength(16);
    const normalize = jest.spyOn(String.prototype, 'normalize');
    const folded = foldText(`e${'\u0323\u0301'.repeat(4_000)} x${'\u1dc0\u1dc2'.repeat(4_000)}`);
    const lengths = normalize.mock.contexts.map((text) => String(text).length);
    normalize.mockRestore();
    expect(folded.length).toBeLessThan(50);
    expect(folded).toMatch(/^e x/);
    expect(Math.max(...lengths)).toBeLessThan(80);
  });

  it('is the same for both Unicode forms of any text, and folding it again changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
        const folded = foldText(text);
        expect(foldText(text.normalize('NFD'))).toBe(folded);
        expect(foldText(text.normalize('NFC'))).toBe(folded);
        expect(foldText(folded)).toBe(folded);
      }),
      { numRuns: 500, seed: 13 },
    );
  });
});

describe('what a search looks for', () => {
  it.each([
    ['lisbon', ['lisbon']],
    ['Hello, World!', ['hello', 'world']],
    ['-5', ['-5']],
    ['C++ #tag @me 100%', ['c++', '#tag', '@me', '100%']],
    ['"two words" three', ['two words', 'three']],
    ['"', ['"']],
    ['?!', ['?!']],
    ['the', ['the']],
    ['a OR b', ['a', 'or', 'b']],
    ['same SAME sáme', ['same']],
    ['\u200b\u00ad', []],
    ['\u0301', []],
  ])('is for %j the words %j', (query, terms) => {
    expect(searchTerms(query)).toEqual(terms);
  });

  it('is never nothing where a text has a letter, and every text has its own terms', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), (text) => {
        const terms = searchTerms(text);
        expect(hasTerms(foldText(text), terms)).toBe(true);
        if (/[a-z]/.test(text)) expect(terms.length).toBeGreaterThan(0);
      }),
      { numRuns: 500, seed: 13 },
    );
  });

  it('takes at most ten terms', () => {
    expect(searchTerms(Array.from({ length: 50 }, (_, index) => `w${index}`).join(' '))).toHaveLength(10);
  });

  it('takes what is special to LIKE literally', () => {
    expect(likePattern('100%_\\')).toBe('%100\\%\\_\\\\%');
  });

  it('knows which terms an index of trigrams is of use for', () => {
    const terms = ['abc', 'при', 'x1y', '漢字', 'ab', '!!!', 'a-b', '字'];
    expect(terms.map(hasTrigram)).toEqual([true, true, true, true, false, false, false, false]);
  });

  it('has letters and digits of ASCII alone for the index, those of other scripts as capitals', () => {
    expect(indexedText(foldText('Привет, World 漢字 5!'))).toMatch(/^[A-Z]{6}, world [A-Z]{4} 5!$/);
  });

  it('is found in the index wherever it is in the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.nat(30), fc.nat(30), (text, from, length) => {
        const folded = foldText(text);
        const part = [...folded].slice(from, from + length).join('');
        expect(indexedText(folded)).toContain(indexedText(part));
      }),
      { numRuns: 500, seed: 13 },
    );
  });
});
