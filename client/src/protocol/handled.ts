/** The same promise; a caller that ignores it must not end its process by an unhandled rejection. */
export function handled<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => undefined);
  return promise;
}
