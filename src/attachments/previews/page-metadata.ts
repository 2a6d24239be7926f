import { Parser } from 'htmlparser2';
import { cleanName, showsSomething } from '../../common/text/visible-text.js';

/** What a page says of itself, for a preview. */
export interface PageMetadata {
  title: string;
  description: string | null;
  siteName: string | null;
  /** Absolute, http or https. */
  imageUrl: string | null;
}

const MAX_TITLE_LENGTH = 300;
const MAX_DESCRIPTION_LENGTH = 500;
/** `cleanName` looks at no longer text. */
const MAX_CLEANED_LENGTH = 1_000;
const MAX_SITE_NAME_LENGTH = 100;
const MAX_IMAGE_URL_LENGTH = 2_048;
/** No head is as deep, nor as long. What the parser does for a tag takes longer the more of them are open or were. */
const MAX_DEPTH = 200;
const MAX_TAGS = 5_000;
/** Where a page must have said its encoding by, in bytes (HTML, "prescan a byte stream"). */
const PRESCAN_BYTES = 1_024;

/**
 * Reads Open Graph and Twitter cards, and what every page has where those are missing. Undefined where a page has no
 * title: nothing could be shown of it.
 * @param contentType as the server said it.
 * @param url of the page, for what it names relative to itself.
 */
export function pageMetadata(html: Buffer, contentType: string, url: string): PageMetadata | undefined {
  const { meta, title } = headOf(decode(html, contentType));
  const first = (...names: string[]): string | undefined => names.map((name) => meta.get(name)).find(Boolean);
  const shownTitle = line(first('og:title', 'twitter:title') ?? title, MAX_TITLE_LENGTH);
  if (shownTitle === null) return undefined;
  return {
    title: shownTitle,
    description: line(first('og:description', 'twitter:description', 'description'), MAX_DESCRIPTION_LENGTH),
    siteName: line(first('og:site_name', 'application-name'), MAX_SITE_NAME_LENGTH),
    imageUrl: absolute(
      first('og:image:secure_url', 'og:image', 'og:image:url', 'twitter:image', 'twitter:image:src'),
      url,
    ),
  };
}

/** The first of each property counts. Reads no further than the head, nor than any head goes. */
function headOf(html: string): { meta: Map<string, string>; title: string } {
  const meta = new Map<string, string>();
  let title = '';
  let inTitle = false;
  let isOver = false;
  let depth = 0;
  let tags = 0;
  const parser = new Parser({
    onopentag(name, attributes) {
      depth += 1;
      tags += 1;
      if (depth > MAX_DEPTH || tags > MAX_TAGS) isOver = true;
      if (isOver) return;
      if (name === 'title') inTitle = title === '';
      else if (name === 'body') isOver = true;
      else if (name === 'meta') {
        const property = (attributes.property ?? attributes.name ?? '').toLowerCase().trim();
        const content = attributes.content?.trim() ?? '';
        if (property !== '' && content !== '' && !meta.has(property)) meta.set(property, content);
      }
    },
    ontext(text) {
      if (inTitle && !isOver && title.length < MAX_TITLE_LENGTH * 4) title += text;
    },
    onclosetag(name) {
      depth -= 1;
      if (name === 'title') inTitle = false;
      else if (name === 'head') isOver = true;
    },
  });
  for (let at = 0; at < html.length && !isOver; at += 16_384) parser.write(html.slice(at, at + 16_384));
  return { meta, title };
}

/** A byte order mark, else what the server says, else what the page says, else UTF-8 where it is, else as browsers guess. */
function decode(html: Buffer, contentType: string): string {
  const mark = markOf(html);
  const said = /charset\s*=\s*["']?([\w:.-]+)/i;
  const beginning = html.subarray(0, PRESCAN_BYTES).toString('latin1');
  const label = mark ?? said.exec(contentType)?.[1] ?? said.exec(beginning)?.[1];
  if (label !== undefined) {
    try {
      return new TextDecoder(label).decode(html);
    } catch {
      // No encoding anybody knows.
    }
  }
  try {
    // Cut anywhere, its last character may be half.
    return new TextDecoder('utf-8', { fatal: true }).decode(html, { stream: true });
  } catch {
    return new TextDecoder('windows-1252').decode(html);
  }
}

function markOf(html: Buffer): string | undefined {
  if (html[0] === 0xef && html[1] === 0xbb && html[2] === 0xbf) return 'utf-8';
  if (html[0] === 0xff && html[1] === 0xfe) return 'utf-16le';
  if (html[0] === 0xfe && html[1] === 0xff) return 'utf-16be';
  return undefined;
}

function line(text: string | undefined, maxLength: number): string | null {
  if (text === undefined) return null;
  const single = text.replace(/[\p{Control}\p{Surrogate}\u2028\u2029\s]+/gu, ' ').slice(0, MAX_CLEANED_LENGTH);
  const clean = cleanName(single.replace(/[\ud800-\udbff]$/, '')).trim();
  if (!showsSomething(clean)) return null;
  const characters = [...clean];
  return characters.length <= maxLength ? clean : `${characters.slice(0, maxLength - 1).join('')}…`;
}

function absolute(value: string | undefined, base: string): string | null {
  if (value === undefined || value.length > MAX_IMAGE_URL_LENGTH || !URL.canParse(value, base)) return null;
  const { protocol, href } = new URL(value, base);
  return protocol === 'http:' || protocol === 'https:' ? href : null;
}
