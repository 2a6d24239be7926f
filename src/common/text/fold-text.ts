const ASCII = /^[\x20-\x7e]*$/;
/** Accents of alphabets, and the vowel points of Hebrew and Arabic, which are written or left out as people like. */
const ACCENTS = /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670]/g;
/** What shows nothing of its own: joiners, directions, variation selectors, the soft hyphen. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}\u2800]/gu;
/**
 * No letter has as many marks. Bringing them into order costs the square of their number: 100 ms for one message. The two letters
 * of half a width are the only ones that become marks.
 */
const TOO_MANY_MARKS = /([\p{M}\uff9e\uff9f]{32})[\p{M}\uff9e\uff9f]+/gu;
const BLANKS = /[\s\p{Cc}\p{Z}]+/gu;
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ħ: 'h',
  ı: 'i',
  ς: 'σ',
};
const LETTER = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'g');

/**
 * A text as search compares it: what people read as the same letters is the same text, whatever its Unicode form, case,
 * accents and blanks ("Ärger", "ärger" and "ARGER" are one). It depends on no locale of any database.
 *
 * `message_search` and `users.folded_name` keep what comes of it: whoever changes it must have all messages indexed and
 * all names folded anew by a migration.
 */
export function foldText(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase().replace(/ {2,}/g, ' ').trim();
  return text
    .replace(TOO_MANY_MARKS, '$1')
    .normalize('NFKD')
    .toLowerCase()
    .replace(ACCENTS, '')
    .replace(INVISIBLE, '')
    .replace(LETTER, (letter) => LETTERS[letter] ?? letter)
    .normalize('NFC')
    .replace(BLANKS, ' ')
    .trim();
}
