/** Rejects when the signal is aborted before the promise has settled. Not AbortSignal.any and the like: React Native has none. */
export function orAborted<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject((signal.reason as unknown) ?? new Error('It was given up.'));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
