import { foldText } from '../../common/text/fold-text.js';

/** Terms of one search; what is typed beyond them is left out. */
const MAX_TERMS = 10;

const ASCII = /^[\x00-\x7f]*$/;
const PHRASE_OR_WORD = /"([^"]+)"|\S+/g;
/** Marks that stand beside a word rather than in it; "C++", "#tag" and "-5" keep theirs. */
const BESIDE = /^["'“”„«»([{¿¡]+|["'“”„«»)\]},.;:!?…、。]+$/g;

/**
 * What a search looks for, folded: words, and phrases in quotation marks. A message is found that has each of them
 * somewhere. Signs are looked for as they are; nothing excludes, so that no text finds everything else.
 * Empty where nothing is left to look for.
 */
export function searchTerms(query: string): string[] {
  const terms = new Set<string>();
  for (const [written, phrase] of foldText(query).matchAll(PHRASE_OR_WORD)) {
    const text = (phrase ?? written).trim();
    const term = text.replace(BESIDE, '') || text;
    if (term !== '') terms.add(term);
    if (terms.size === MAX_TERMS) break;
  }
  return [...terms];
}

const BEYOND_ASCII = /[^\x00-\x7f]/gu;
/** From here on (Ethiopic, Hangul, kana, ideographs, emoji) one character says more than a letter does. */
const FIRST_SYLLABLE = 0x1200;

/**
 * A folded text in the letters that trigrams are made of under any locale of the database: what is beyond ASCII becomes
 * capitals, of which a folded text has none. Several characters become the same capital, so whoever finds a text by it
 * must compare the folded texts, unless the term is ASCII.
 */
export function indexedText(folded: string): string {
  return folded.replace(BEYOND_ASCII, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < FIRST_SYLLABLE ? capital(code) : capital(code) + capital(Math.floor(code / 26));
  });
}

function capital(code: number): string {
  return String.fromCharCode(65 + (code % 26));
}

/** Whether what is found by `indexedText` has the terms for certain. */
export function isExact(terms: readonly string[]): boolean {
  return terms.every((term) => ASCII.test(term));
}

/** Whether a folded text has all terms. */
export function hasTerms(folded: string, terms: readonly string[]): boolean {
  return terms.every((term) => folded.includes(term));
}

/** A pattern for LIKE that finds a term anywhere in an indexed text, with what is special to LIKE taken literally. */
export function likePattern(term: string): string {
  return `%${indexedText(term).replace(/[\\%_]/g, '\\$&')}%`;
}

/** Whether an index of trigrams narrows down where a term is. */
export function hasTrigram(term: string): boolean {
  return /[a-z0-9]{3}/i.test(indexedText(term));
}
