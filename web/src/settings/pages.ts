import { useEffect, useState } from 'preact/hooks';
import { attempt } from '../app/toasts.js';
import { client } from '../session/client.js';

interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

export interface Pages<Item> {
  items: readonly Item[];
  /** The first page has come, or could not be fetched. */
  isReady: boolean;
  hasMore: boolean;
  isLoading: boolean;
  load: () => void;
  remove: (isGone: (item: Item) => boolean) => void;
}

interface Held<Item> extends Pick<Pages<Item>, 'items' | 'isReady' | 'isLoading'> {
  cursor: string | null | undefined;
}

/** A list of the server's, by pages; the first is fetched at once. */
export function usePages<Item>(path: string): Pages<Item> {
  const [{ items, cursor, isReady, isLoading }, set] = useState<Held<Item>>({
    items: [],
    cursor: undefined,
    isReady: false,
    isLoading: false,
  });
  const load = (): void => {
    set((held) => ({ ...held, isLoading: true }));
    void attempt(async () => {
      const { body } = await client.http.request<Page<Item>>(path, { query: { cursor: cursor ?? undefined } });
      set((held) => ({ ...held, items: [...held.items, ...body.items], cursor: body.nextCursor }));
    }).then(() => set((held) => ({ ...held, isReady: true, isLoading: false })));
  };
  const remove = (isGone: (item: Item) => boolean): void =>
    set((held) => ({ ...held, items: held.items.filter((item) => !isGone(item)) }));
  useEffect(load, []);
  return { items, isReady, isLoading, hasMore: cursor !== null, load, remove };
}
