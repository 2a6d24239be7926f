import { useEffect, useRef, useState } from 'preact/hooks';
import { attempt } from '../app/toasts.js';
import { client } from '../session/client.js';
import { errorText } from '../texts/error-text.js';

export type Query = Readonly<Record<string, string | number | undefined>>;

interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

interface Held<Item> {
  items: readonly Item[];
  cursor: string | null;
}

export interface List<Item> {
  /** Undefined until the first page is there. */
  items: readonly Item[] | undefined;
  /** Why the first page is not there, in words. */
  fault: string | undefined;
  hasMore: boolean;
  loadMore: () => void;
  /** From its beginning. */
  reload: () => void;
}

/** A list of the server's, by pages, anew for every path and query. An answer that was overtaken is dropped. */
export function useList<Item>(path: string, query: Query = {}): List<Item> {
  const [held, hold] = useState<Held<Item>>();
  const [fault, setFault] = useState<string>();
  const [times, setTimes] = useState(0);
  const turn = useRef(0);
  const key = `${path} ${JSON.stringify(query)} ${times}`;

  const page = async (cursor?: string): Promise<Page<Item>> =>
    (await client.http.request<Page<Item>>(path, { query: { ...query, cursor } })).body;

  useEffect(() => {
    const mine = (turn.current += 1);
    setFault(undefined);
    page().then(
      ({ items, nextCursor }) => mine === turn.current && hold({ items, cursor: nextCursor }),
      (error: unknown) => mine === turn.current && setFault(errorText(error)),
    );
  }, [key]);

  const loadMore = (): void => {
    const mine = turn.current;
    void attempt(async () => {
      const { items, nextCursor } = await page(held?.cursor ?? undefined);
      // Once: where it was asked for twice, the list has gone on meanwhile.
      if (mine === turn.current)
        hold((before) =>
          before === held ? { items: [...(before?.items ?? []), ...items], cursor: nextCursor } : before,
        );
    });
  };
  const reload = (): void => setTimes((count) => count + 1);
  return { items: held?.items, fault, hasMore: held !== undefined && held.cursor !== null, loadMore, reload };
}

export interface Loaded<Value> {
  value: Value | undefined;
  fault: string | undefined;
  reload: () => void;
}

/** One thing of the server's. */
export function useOne<Value>(path: string): Loaded<Value> {
  const [value, set] = useState<Value>();
  const [fault, setFault] = useState<string>();
  const [times, setTimes] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    client.http.request<Value>(path).then(
      ({ body }) => {
        if (!isCurrent) return;
        set(body);
        setFault(undefined);
      },
      (error: unknown) => isCurrent && setFault(errorText(error)),
    );
    return () => {
      isCurrent = false;
    };
  }, [path, times]);
  return { value, fault, reload: () => setTimes((count) => count + 1) };
}
