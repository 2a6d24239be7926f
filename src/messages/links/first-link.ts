import { isAllowedHost } from '../../outbound/public-fetch.js';

const MAX_URL_LENGTH = 2_048;
/** A link as people type or paste it; what ends the sentence is cut off below. */
const LINK = /(?<![\p{L}\p{N}_/@])https?:\/\/[^\s<>"'`\u00a0\u2028\u2029\p{Control}]+/giu;
const ENDS_SENTENCE = /[.,:;!?…'"*_~]+$/u;
const BRACKETS: readonly (readonly [open: string, close: string])[] = [
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
];

/**
 * The first link of a text, as a URL in its normal form; undefined where there is none that may be fetched.
 * @param allowedHosts hosts that may be although they are not public; a name without a dot is one of these, or none
 */
export function firstLink(text: string, allowedHosts: readonly string[]): string | undefined {
  for (const [found] of text.matchAll(LINK)) {
    const link = withoutEnd(found);
    if (link.length > MAX_URL_LENGTH || !URL.canParse(link)) continue;
    const url = new URL(link);
    if (url.username !== '' || url.password !== '') continue;
    if (!url.hostname.includes('.') && !isAllowedHost(url, allowedHosts)) continue;
    // Nobody fetches it by its place within a page.
    url.hash = '';
    return url.href;
  }
  return undefined;
}

/** Full stops and brackets around a link are not part of it; brackets within it are. */
function withoutEnd(link: string): string {
  for (let cut = link; ; ) {
    let shorter = cut.replace(ENDS_SENTENCE, '');
    for (const [open, close] of BRACKETS) {
      if (shorter.endsWith(close) && count(shorter, close) > count(shorter, open)) shorter = shorter.slice(0, -1);
    }
    if (shorter === cut) return cut;
    cut = shorter;
  }
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}
