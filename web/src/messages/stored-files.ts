import { DATABASE, settled } from './files-database.js';

const STORE = 'files';
/** More than that is there until the page is closed, and not after. */
const MAX_KEPT_BYTES = 100_000_000;

export async function readFiles(key: string): Promise<readonly File[]> {
  return inStore('readonly', async (store) => ((await settled(store.get(key))) as readonly File[] | undefined) ?? []);
}

export async function storeFiles(key: string, files: readonly File[]): Promise<void> {
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
