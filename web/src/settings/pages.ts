import { useEffect, useState } from 'preact/hooks';
import { attempt } from '../app/toasts.js';
import { client } from '../session/client.js';

interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

export interface Pages<Item> {
  items: readonly Item[];
  /** Until the first page has come, or could not be fetched. */
  isLoading: boolean;
  hasMore: boolean;
  load: () => void;
  remove: (isGone: (item: Item) => boolean) => void;
}

interface Held<Item> {
  items: readonly Item[];
  cursor: string | null | undefined;
  isLoading: boolean;
}

/** A list of the server's, by pages; the first is fetched at once. */
export function usePages<Item>(path: string): Pages<Item> {
  const [{ items, cursor, isLoading }, set] = useState<Held<Item>>({ items: [], cursor: undefined, isLoading: true });
  const load = (): void => {
    void attempt(async () => {
      const { body } = await client.http.request<Page<Item>>(path, { query: { cursor: cursor ?? undefined } });
      set((held) => ({ ...held, items: [...held.items, ...body.items], cursor: body.nextCursor }));
    }).then(() => set((held) => ({ ...held, isLoading: false })));
  };
  const remove = (isGone: (item: Item) => boolean): void =>
    set((held) => ({ ...held, items: held.items.filter((item) => !isGone(item)) }));
  useEffect(load, []);
  return { items, isLoading, hasMore: !isLoading && cursor !== null, load, remove };
}
