import { isAllowedHost } from '../../outbound/public-fetch.js';

const MAX_URL_LENGTH = 2_048;
/** A link as people type or paste it; what ends the sentence is cut off below. */
const LINK = /(?<![\p{L}\p{N}_/@])https?:\/\/[^\s<>"'`\u00a0\u2028\u2029\p{Control}]+/giu;
const ENDS_SENTENCE = `.,:;!?…'"*_~`;
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

/** Full stops and brackets around a link are not part of it; brackets within it are. Linear: anybody may send the worst text. */
function withoutEnd(link: string): string {
  const unopened = new Map(BRACKETS.map(([open, close]) => [close, count(link, close) - count(link, open)]));
  let end = link.length;
  for (; end > 0; end -= 1) {
    const last = link.charAt(end - 1);
    const surplus = unopened.get(last);
    if (surplus === undefined ? !ENDS_SENTENCE.includes(last) : surplus <= 0) break;
    if (surplus !== undefined) unopened.set(last, surplus - 1);
  }
  return link.slice(0, end);
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}
