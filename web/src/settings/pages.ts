import { useState } from 'preact/hooks';
import { attempt } from '../app/toasts.js';
import { client } from '../session/client.js';

interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

interface Pages<Item> {
  items: readonly Item[];
  hasMore: boolean;
  load: () => void;
  remove: (isGone: (item: Item) => boolean) => void;
}

/** A list of the server's, by pages. */
export function usePages<Item>(path: string): Pages<Item> {
  const [{ items, cursor }, set] = useState<{ items: readonly Item[]; cursor: string | null | undefined }>({
    items: [],
    cursor: undefined,
  });
  const load = (): void => {
    void attempt(async () => {
      const { body } = await client.http.request<Page<Item>>(path, { query: { cursor: cursor ?? undefined } });
      set((held) => ({ items: [...held.items, ...body.items], cursor: body.nextCursor }));
    });
  };
  const remove = (isGone: (item: Item) => boolean): void =>
    set((held) => ({ ...held, items: held.items.filter((item) => !isGone(item)) }));
  return { items, hasMore: typeof cursor === 'string', load, remove };
}
