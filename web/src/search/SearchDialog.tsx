import type { Message } from '@parley/client';
import { useObservable, useUser } from '@parley/client/react';
import { useEffect, useRef, useState } from 'preact/hooks';
import { openConversation } from '../app/router.js';
import { nameOf } from '../conversations/names.js';
import { closeByEscape, Dialog } from '../design/Dialog.js';
import { LoadMore } from '../design/LoadMore.js';
import { client } from '../session/client.js';
import { errorText } from '../texts/error-text.js';
import { briefTimeOf, fullTimeOf, t } from '../texts/texts.js';
import '../texts/more.js';
import './search.css';

const PAUSE_MS = 250;

interface Properties {
  conversationId?: string;
  name?: string;
  onClose: () => void;
}

interface Found {
  words: string;
  items: readonly Message[];
  nextCursor: string | null;
  isBehind: boolean;
}

/** Messages by their words, everywhere or in one conversation; each leads to its place. */
export default function SearchDialog({ conversationId, name, onClose }: Properties) {
  const [text, setText] = useState('');
  const [found, setFound] = useState<Found>();
  const [error, setError] = useState<unknown>();
  const words = text.trim();
  const shown = useRef(found);
  shown.current = found;

  const search = async (words: string, cursor?: string): Promise<Found> => {
    const options = {
      ...(conversationId === undefined ? {} : { conversationId }),
      ...(cursor === undefined ? {} : { cursor }),
    };
    const { items, nextCursor, indexedUpTo } = await client.conversations.search(words, options);
    return { words, items, nextCursor, isBehind: indexedUpTo !== null };
  };
  useEffect(() => {
    setError(undefined);
    if (words === '') return setFound(undefined);
    let isCurrent = true;
    const timer = setTimeout(() => {
      search(words).then(
        (next) => isCurrent && setFound(next),
        (cause: unknown) => isCurrent && setError(cause),
      );
    }, PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [words]);
  const more = async (): Promise<void> => {
    if (found?.nextCursor == null) return;
    // A cursor is one of the words that were searched for; what was overtaken meanwhile is dropped.
    const isCurrent = (): boolean => shown.current === found;
    try {
      const next = await search(found.words, found.nextCursor);
      if (isCurrent()) setFound({ ...next, items: [...found.items, ...next.items] });
    } catch (cause) {
      if (isCurrent()) setError(cause);
    }
  };
  return (
    <Dialog
      title={name === undefined ? t('search.title') : t('search.titleHere', { name })}
      onClose={onClose}
      class="search"
    >
      <input
        class="input"
        type="search"
        autofocus
        dir="auto"
        maxLength={200}
        placeholder={t('search.placeholder')}
        aria-label={t('search.placeholder')}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
        onKeyDown={(event) => closeByEscape(event, onClose)}
      />
      <div role="status">
        {error !== undefined ? (
          <p class="fault">{errorText(error)}</p>
        ) : found === undefined ? (
          <p class="soft">{t('search.hint')}</p>
        ) : found.items.length === 0 ? (
          <p class="soft">{t('search.none')}</p>
        ) : found.isBehind ? (
          <p class="soft small">{t('search.behind')}</p>
        ) : null}
      </div>
      <ul class="results">
        {found?.items.map((message) => (
          <Result
            key={message.id}
            message={message}
            words={found.words}
            isHere={conversationId !== undefined}
            onOpen={() => {
              onClose();
              openConversation(message.conversationId, message.seq);
            }}
          />
        ))}
      </ul>
      {found?.nextCursor == null ? null : <LoadMore onLoad={() => void more()} />}
    </Dialog>
  );
}

interface ResultProperties {
  message: Message;
  words: string;
  /** Whether all that is found is in one conversation: then who wrote it is what distinguishes them. */
  isHere: boolean;
  onOpen: () => void;
}

function Result({ message, words, isHere, onOpen }: ResultProperties) {
  const sender = useUser(message.senderId);
  const conversation = useObservable(client.conversations.get(message.conversationId));
  const by = message.senderId === client.userId ? t('search.you') : (sender?.displayName ?? t('app.someone'));
  const isNamed = !isHere && conversation !== undefined;
  const isPlain = conversation?.type === 'DIRECT' && message.senderId !== client.userId;
  return (
    <li>
      <button type="button" class="result" onClick={onOpen}>
        <span class="row">
          <strong class="grow cut" dir="auto">
            {isNamed ? nameOf(conversation) : by}
          </strong>
          <time class="soft small" dateTime={message.createdAt} title={fullTimeOf(message.createdAt)}>
            {briefTimeOf(message.createdAt)}
          </time>
        </span>
        <span class="result-text" dir="auto">
          {isNamed && !isPlain ? <span class="soft">{by}: </span> : null}
          <Marked text={excerptOf(message.content ?? '', words)} words={words} />
        </span>
      </button>
    </li>
  );
}

/** What is around the first word. */
function excerptOf(text: string, words: string): string {
  const at = text.toLowerCase().indexOf(words.split(/\s+/)[0]?.toLowerCase() ?? '');
  return at > 60 ? `…${text.slice(at - 40)}` : text;
}

function Marked({ text, words }: { text: string; words: string }) {
  const patterns = words.split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const parts = text.slice(0, 300).split(new RegExp(`(${patterns.join('|')})`, 'gi'));
  return <>{parts.map((part, index) => (index % 2 === 1 ? <mark>{part}</mark> : part))}</>;
}
