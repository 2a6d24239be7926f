/** Of files that were picked and not sent. */
export const DATABASE = 'parley-picked-files';

/** After a log-out nothing of the user stays on this device. */
export async function removeFiles(): Promise<void> {
  await settled(indexedDB.deleteDatabase(DATABASE));
}

export function settled<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('The browser keeps no files.')));
  });
}
