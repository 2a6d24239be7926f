import type { User } from '@parley/client';
import type { ComponentChild } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { client } from '../session/client.js';
import { errorText } from '../texts/error-text.js';
import { t } from '../texts/texts.js';
import '../texts/more.js';

const PAUSE_MS = 200;

interface Properties {
  words: string;
  onWords: (words: string) => void;
  /** The user has followed their own link. */
  isOwnLink?: boolean;
  children: (user: User) => ComponentChild;
}

/** A field, and who is called so. */
export function PersonSearch({ words, onWords, isOwnLink = false, children }: Properties) {
  const [found, setFound] = useState<readonly User[]>();
  const [error, setError] = useState<unknown>();
  // Usernames are shown with an `@`.
  const name = words.trim().replace(/^@/, '');
  useEffect(() => {
    setError(undefined);
    if (name === '') return setFound(undefined);
    let isCurrent = true;
    const timer = setTimeout(() => {
      client.users.search(name).then(
        ({ items }) => isCurrent && setFound(items),
        (cause: unknown) => isCurrent && setError(cause),
      );
    }, PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [name]);
  const others = found?.filter(({ id }) => id !== client.userId) ?? [];
  return (
    <>
      <label class="field">
        <span>{t('people.search')}</span>
        <input
          class="input"
          type="search"
          maxLength={64}
          autocomplete="off"
          placeholder={t('people.searchHint')}
          value={words}
          onInput={({ currentTarget }) => onWords(currentTarget.value)}
          onKeyDown={(event) => {
            // It searches by itself; the form around it has a button of its own.
            if (event.key === 'Enter') event.preventDefault();
          }}
        />
      </label>
      <div role="status">
        {error !== undefined ? (
          <p class="fault">{errorText(error)}</p>
        ) : found !== undefined && others.length === 0 ? (
          <p class="soft">{t(isOwnLink ? 'people.self' : 'people.none')}</p>
        ) : null}
      </div>
      {others.length === 0 ? null : <ul class="card people">{others.map((user) => children(user))}</ul>}
    </>
  );
}
