import { useCallback, useEffect, useSyncExternalStore } from '../react.js';
import { client } from '../session/client.js';

const DATABASE = 'parley-picked-files';
const STORE = 'files';
/** More than that is there until the page is closed, and not after. */
const MAX_KEPT_BYTES = 100_000_000;

const NONE: readonly File[] = [];
/** By user and conversation; undefined is not looked up yet. */
const picked = new Map<string, readonly File[]>();
const listeners = new Set<() => void>();

const keyOf = (conversationId: string): string => `${client.userId ?? ''} ${conversationId}`;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function show(key: string, files: readonly File[]): void {
  picked.set(key, files);
  for (const listener of [...listeners]) listener();
}

/**
 * Files that were picked for a conversation and not sent: a part of its draft, which outlives a reload and the session.
 * Where the browser keeps no files they stay as long as the page.
 */
export function usePickedFiles(conversationId: string): readonly [readonly File[], (files: readonly File[]) => void] {
  const key = keyOf(conversationId);
  const files = useSyncExternalStore(subscribe, () => picked.get(key) ?? NONE);
  useEffect(() => {
    if (picked.has(key)) return;
    kept(key).then(
      (found) => picked.has(key) || show(key, found),
      () => undefined,
    );
  }, [key]);
  const pick = useCallback(
    (next: readonly File[]): void => {
      show(key, next);
      keep(key, next).catch(() => undefined);
    },
    [key],
  );
  return [files, pick];
}

/** After a log-out nothing of the user stays on this device. */
export async function forgetPickedFiles(): Promise<void> {
  picked.clear();
  await settled(indexedDB.deleteDatabase(DATABASE)).catch(() => undefined);
}

async function kept(key: string): Promise<readonly File[]> {
  return inStore('readonly', async (store) => ((await settled(store.get(key))) as readonly File[] | undefined) ?? NONE);
}

async function keep(key: string, files: readonly File[]): Promise<void> {
  const isKept = files.length > 0 && files.reduce((sum, { size }) => sum + size, 0) <= MAX_KEPT_BYTES;
  await inStore<unknown>('readwrite', (store) =>
    isKept ? settled(store.put([...files], key)) : settled(store.delete(key)),
  );
}

async function inStore<Result>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => Promise<Result>,
): Promise<Result> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore(STORE));
  const database = await settled(opening);
  try {
    return await work(database.transaction(STORE, mode).objectStore(STORE));
  } finally {
    // Closed when what it does is done: nothing stands in the way of a log-out in another tab.
    database.close();
  }
}

function settled<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('The browser keeps no files.')));
  });
}
