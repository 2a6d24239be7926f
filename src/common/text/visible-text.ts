import { domainToASCII, domainToUnicode } from 'node:url';

// Characters without a shape of their own that Unicode lists nowhere as such: the blank of Braille, marks of annotations,
// fillers and blanks of some old scripts.
const INVISIBLE = String.raw`\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb\u{1d159}\u{16fe4}\u{13430}-\u{1343f}\u{13441}\u{13442}`;

const VISIBLE = new RegExp(`[^\\p{Z}\\p{Cc}${INVISIBLE}]`, 'u');
const INVISIBLE_OR_BLANK = new RegExp(`[\\p{Z}\\p{Cc}${INVISIBLE}]`, 'u');
const PLAIN_LINE = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;

/** Letters that a joiner changes: not those of scripts in which it would only distinguish what looks the same. */
const JOINED = String.raw`(?![\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}\p{sc=Han}\p{sc=Hangul}\p{sc=Hira}\p{sc=Kana}\u0300-\u036f])[\p{L}\p{M}]`;

/**
 * What shows nothing, but for what changes its neighbours where it stands: joiners within words and emoji, selectors
 * behind what they select, the tags of a flag. A flag is matched with its tags, to be kept: each tag that looked back
 * for its flag would cost the square of their number.
 */
const FLAG_OR_USELESS = new RegExp(
  [
    '(?<flag>\\u{1f3f4}[\\u{e0020}-\\u{e007e}]*\\u{e007f}?)',
    `(?<!${JOINED}|[\\p{Extended_Pictographic}\\p{Emoji_Modifier}\\ufe0f])[\\u200c\\u200d]`,
    `[\\u200c\\u200d](?!${JOINED}|\\p{Extended_Pictographic})`,
    '(?<![\\p{Extended_Pictographic}\\p{Emoji_Modifier}]|[#*0-9](?=\\ufe0f\\u20e3))[\\ufe0e\\ufe0f]',
    '(?<!\\p{Unified_Ideograph})[\\u{e0100}-\\u{e01ef}]',
    // Behind letters only: the selectors are of that script themselves.
    '(?<!(?=\\p{Script=Mongolian})\\p{L})[\\u180b-\\u180d\\u180f]',
    '[\\u{e0020}-\\u{e007f}]',
    `(?![\\u200c\\u200d\\ufe0e\\ufe0f\\u{e0100}-\\u{e01ef}\\u180b-\\u180d\\u180f\\u{e0020}-\\u{e007f}])[${INVISIBLE}]`,
  ].join('|'),
  'gu',
);

/** No name or e-mail address is nearly as long; what takes more than one look at each character looks at no longer text. */
const MAX_LENGTH = 1_000;
/** The passes over a name. Words and emoji need two: the second finds that nothing is left to do. */
const MAX_PASSES = 4;

/** Whether a text shows anything at all. Costs one character where the first one is a letter. */
export function showsSomething(text: string): boolean {
  return VISIBLE.test(text);
}

/**
 * A name or title as it is stored: one Unicode form, single blanks, nothing that cannot be seen and nothing that turns
 * the direction of what follows, so that what looks the same is the same. Joiners within words (Persian) and within
 * emoji stay. Control characters stay, too, and what is far too long: they are for validation to refuse.
 */
export function cleanName(name: string): string {
  if (PLAIN_LINE.test(name) || name.length > MAX_LENGTH) return name;
  return withoutUseless(name.normalize('NFC'))
    .replace(/\p{Zs}+/gu, ' ')
    .trim();
}

/** Without what is of no use, in one Unicode form. What goes may bring two characters together, hence several passes. */
function withoutUseless(name: string): string {
  let text = name;
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    const before = text;
    text = text.replace(FLAG_OR_USELESS, '$<flag>').normalize('NFC');
    if (text === before) return text;
  }
  // Marks that change places around one joiner after another would take as many passes: no word has them.
  return text.replace(/[\u200c\u200d]/g, '').normalize('NFC');
}

/**
 * An e-mail address as it is stored and compared: one for all that people and mail servers take for the same, in lower
 * case, its domain in Unicode. Undefined where it holds what nobody sees, or has no valid domain.
 */
export function normalEmail(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  // Lower case of some characters is not in normal form.
  const email = text.trim().normalize('NFKC').toLowerCase().normalize('NFKC');
  if (INVISIBLE_OR_BLANK.test(email)) return undefined;
  const at = email.lastIndexOf('@');
  const domain = email.slice(at + 1);
  if (at < 1 || domain === '') return undefined;
  if (/^[\x00-\x7f]*$/.test(domain) && !domain.includes('xn--')) return email;
  const ascii = domainToASCII(domain);
  return ascii === '' ? undefined : `${email.slice(0, at)}@${domainToUnicode(ascii)}`;
}
