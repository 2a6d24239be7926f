import type { User } from '@parley/client';
import { useFriends } from '@parley/client/react';
import { useState } from 'preact/hooks';
import { t } from '../texts/texts.js';
import { PersonRow } from './PersonRow.js';
import { PersonSearch } from './PersonSearch.js';
import './people.css';

interface Properties {
  chosen: readonly User[];
  onChosen: (users: readonly User[]) => void;
  /** Those who are in already. */
  without?: ReadonlySet<string>;
}

/** Several people: of one's friends, or found by name. */
export function PeopleChoice({ chosen, onChosen, without = new Set() }: Properties) {
  const [words, setWords] = useState('');
  const friends = useFriends().filter(({ id }) => !without.has(id));
  const isChosen = (user: User): boolean => chosen.some(({ id }) => id === user.id);
  const toggle = (user: User): void =>
    onChosen(isChosen(user) ? chosen.filter(({ id }) => id !== user.id) : [...chosen, user]);
  const row = (user: User) => {
    if (without.has(user.id)) return null;
    return (
      <PersonRow key={user.id} user={user}>
        <input
          type="checkbox"
          class="check"
          checked={isChosen(user)}
          aria-label={user.displayName}
          onChange={() => toggle(user)}
        />
      </PersonRow>
    );
  };
  return (
    <>
      {chosen.length === 0 ? null : (
        <ul class="chips">
          {chosen.map((user) => (
            <li key={user.id}>
              <button
                type="button"
                class="chip"
                aria-label={t('chat.removeFile', { name: user.displayName })}
                onClick={() => toggle(user)}
              >
                {user.displayName} ×
              </button>
            </li>
          ))}
        </ul>
      )}
      <PersonSearch words={words} onWords={setWords}>
        {row}
      </PersonSearch>
      {words.trim() === '' && friends.length > 0 ? <ul class="card people">{friends.map(row)}</ul> : null}
    </>
  );
}
