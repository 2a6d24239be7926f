import type { User } from '@parley/client';
import { useEffect, useState } from 'react';
import { client } from '../chat/client';
import { withoutAt } from '../chat/names';

const PAUSE_MS = 250;

interface Found {
  people?: readonly User[];
  error?: unknown;
}

/** Who is called so, a moment after the last keystroke; nobody is asked for nothing. */
export function usePeople(words: string): Found {
  const [found, setFound] = useState<Found>({});
  const name = withoutAt(words);
  useEffect(() => {
    if (name === '') return setFound({});
    let isCurrent = true;
    const timer = setTimeout(() => {
      client.users.search(name).then(
        ({ items }) => isCurrent && setFound({ people: items.filter(({ id }) => id !== client.userId) }),
        (error: unknown) => isCurrent && setFound({ error }),
      );
    }, PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [name]);
  return found;
}
