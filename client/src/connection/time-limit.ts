import type { Clock, Timer } from '../ports/environment.js';

/** What the work brings, or what stands in for it where that takes longer. The work is not ended by that. */
export async function within<Result>(
  clock: Clock,
  limitMs: number,
  work: Promise<Result>,
  late: () => Result | Promise<Result>,
): Promise<Result> {
  let timer: Timer | undefined;
  const ended = new Promise<void>((resolve) => {
    timer = clock.setTimeout(resolve, limitMs);
  });
  try {
    return await Promise.race([work, ended.then(late)]);
  } finally {
    clock.clearTimeout(timer);
  }
}
