import disposition from 'content-disposition';
import { withEnding } from './file-ending.js';

const MAX_NAME_LENGTH = 200;
/** Control characters, separators of paths, what Windows refuses, and what turns the direction of text around. */
const FORBIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff<>:"|?*]/g;
/** Joiners belong into words and emoji; anywhere else they only hide that two names differ. */
const LONE_JOINERS =
  /(?<![\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}])[\u200c\u200d]+|[\u200c\u200d]+(?![\p{L}\p{M}\p{Extended_Pictographic}])|(?<=[\u200c\u200d])[\u200c\u200d]+/gu;
/** What Windows takes for a device, whatever it ends with. */
const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
const LONE_SURROGATES = /\p{Surrogate}/gu;

/**
 * A name that is safe to show, to save under and to put into a header: no path, nothing that hides its end. Takes linear time:
 * a form may give a name of 80 KB.
 * @param extension what a file of its type ends with (`jpg`); undefined where nobody knows.
 */
export function safeFileName(name: string | undefined, extension: string | undefined): string {
  // Forms write a quotation mark as %22.
  const last =
    decoded(name ?? '')
      .replaceAll('%22', '')
      .split(/[/\\]/)
      .at(-1) ?? '';
  const cleaned = last
    .replace(FORBIDDEN, '')
    .replace(LONE_JOINERS, '')
    .replace(LONE_SURROGATES, '')
    .replace(/^[\s.]+|(?<![\s.])[\s.]+$/g, '');
  const characters = Array.from(cleaned);
  const dot = characters.lastIndexOf('.');
  const end = dot > 0 && characters.length - dot <= 16 ? characters.slice(dot) : [];
  const stem = characters.slice(0, characters.length - end.length).slice(0, MAX_NAME_LENGTH - end.length);
  const short = [...stem, ...end].join('');
  const named = short === '' ? 'file' : DEVICES.test(short) ? `_${short}` : short;
  return withEnding(named, extension);
}

const WITHIN_URL = /^[\w.!~*'()%&$+,;=@-]*$/;
const ESCAPED = /%[0-9a-f]{2}/i;

/** React Native sends names as URLs have them: nothing but what a URL may hold, and the rest after percent signs. */
function decoded(name: string): string {
  if (!WITHIN_URL.test(name) || !ESCAPED.test(name)) return name;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** The name of a smaller picture of a file: its own, with the end of what it is. */
export function previewName(name: string): string {
  return `${name.replace(/(?<=.)\.[^.]{1,15}$/, '')}.webp`;
}

/** `Content-Disposition` with a name in any script (RFC 6266). */
export function contentDisposition(type: 'inline' | 'attachment', name: string): string {
  return disposition(name, { type, fallback: name.replace(/[^\x20-\x7e]|[\\%]/g, '_') });
}
