import { DATABASE, settled } from './files-database.js';

const STORE = 'files';
/** More than that is there until the page is closed, and not after. */
const MAX_KEPT_BYTES = 100_000_000;

/** What is not in the store as it is here: too large for it, on its way to it, or in a browser that keeps none. */
const unkept = new Map<string, readonly File[]>();

/** What the store holds of a conversation: files that are picked, or those that are on their way into a message. */
type Row = readonly File[] | { readonly files: readonly File[]; readonly sentAt: number } | undefined;

/** What is kept; the very files that are shown where these are the same, or are here alone. */
export async function readFiles(key: string, shown?: readonly File[]): Promise<readonly File[]> {
  const files = await inStore(shown === undefined ? 'readwrite' : 'readonly', async (store) => {
    const row = (await settled<unknown>(store.get(key))) as Row;
    if (row === undefined || !('sentAt' in row)) return row ?? [];
    // Sent by another tab: picked no more.
    if (shown !== undefined || row.sentAt >= performance.timeOrigin) return [];
    // A page that has begun since, perhaps the one that was to send them and had no copy yet: they are picked again.
    await settled(store.put(row.files, key));
    return row.files;
  });
  return shown !== undefined && (unkept.has(key) || namesOf(shown) === namesOf(files)) ? shown : files;
}

const namesOf = (files: readonly File[]): string =>
  files.map(({ name, size, lastModified }) => `${name} ${size} ${lastModified}`).join('\n');

const isTooLarge = (files: readonly File[]): boolean => files.reduce((sum, { size }) => sum + size, 0) > MAX_KEPT_BYTES;

/** @param copied until then those of before are kept, as sent, and after it only where nothing else was picked meanwhile */
export async function storeFiles(key: string, files: readonly File[], copied?: Promise<unknown>): Promise<void> {
  const isNothingKept = isTooLarge(unkept.get(key) ?? []);
  unkept.set(key, files);
  const isKept = files.length > 0 && !isTooLarge(files);
  // What is in the store by now is another tab's.
  if (isNothingKept && files.length === 0) return void unkept.delete(key);
  if (copied !== undefined) {
    await markSent(key).catch(() => undefined);
    await copied.catch(() => undefined);
  }
  if (unkept.get(key) !== files) return;
  await inStore<unknown>('readwrite', (store) =>
    isKept ? settled(store.put([...files], key)) : settled(store.delete(key)),
  );
  if ((isKept || files.length === 0) && unkept.get(key) === files) unkept.delete(key);
}

/** No other tab takes them for picked from now on. */
async function markSent(key: string): Promise<void> {
  await inStore('readwrite', async (store) => {
    const row = (await settled<unknown>(store.get(key))) as Row;
    if (row !== undefined && !('sentAt' in row)) await settled(store.put({ files: row, sentAt: Date.now() }, key));
  });
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
