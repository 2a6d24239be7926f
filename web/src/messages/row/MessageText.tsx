import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '../../texts/texts.js';

/** More than this is folded until somebody asks for it. */
const MAX_SHOWN_CHARACTERS = 1_500;
const MAX_SHOWN_LINES = 24;
const LINK = /\b(?:https?:\/\/|www\.)[^\s<>"“”]+/gi;
const ONLY_EMOJI =
  /^(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D\p{Extended_Pictographic}|\p{Emoji_Modifier})*\s*){1,3}$/u;

/** What somebody typed: always text, never markup. URLs in it are links. */
export function MessageText({ text }: { text: string }) {
  const [isWhole, showWhole] = useState(false);
  const folded = isWhole ? text : foldedText(text);
  const isBig = text.length < 40 && ONLY_EMOJI.test(text.trim());
  return (
    <>
      <p class={isBig ? 'message-text big' : 'message-text'} dir="auto">
        {withLinks(text, folded.length)}
        {folded === text ? null : '…'}
      </p>
      {folded === text ? null : (
        <button type="button" class="link-button small" onClick={() => showWhole(true)}>
          {t('message.more')}
        </button>
      )}
    </>
  );
}

function foldedText(text: string): string {
  const lines = text.split('\n');
  const short = lines.length > MAX_SHOWN_LINES ? lines.slice(0, MAX_SHOWN_LINES).join('\n') : text;
  return short.length > MAX_SHOWN_CHARACTERS ? short.slice(0, MAX_SHOWN_CHARACTERS) : short;
}

/** The beginning of a text, up to `length`. */
function withLinks(text: string, length: number): ComponentChild[] {
  const parts: ComponentChild[] = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    // The beginning of a URL leads elsewhere than the URL.
    if (match.index + match[0].length > length) break;
    const shown = withoutPunctuation(match[0]);
    const url = shown.startsWith('www.') ? `https://${shown}` : shown;
    if (!URL.canParse(url)) continue;
    parts.push(
      text.slice(end, match.index),
      <a href={url} target="_blank" rel="noopener noreferrer nofollow">
        {shown}
      </a>,
    );
    end = match.index + shown.length;
  }
  parts.push(text.slice(end, length));
  return parts;
}

/** What ends the sentence, or the brackets around it, is not the URL's. */
function withoutPunctuation(link: string): string {
  const plain = link.replace(/[.,;:!?'’»]+$/, '');
  if (!plain.endsWith(')')) return plain;
  const count = (character: string): number => plain.split(character).length;
  return count(')') > count('(') ? plain.slice(0, -1) : plain;
}
