/** How long anything awaited may take: no test is about speed, and the machine may have others to serve. */
export const WAIT_TIMEOUT_MS = 60_000;

/** How long one step of a teardown may take. Several of them fit within the time-out of a hook. */
const TEARDOWN_TIMEOUT_MS = 30_000;

/**
 * Waits for the end of something, and where it does not come says of what, and what this process still holds open. Jest
 * would only say that a hook took too long.
 */
export async function ended<Result>(
  what: string,
  end: Promise<Result>,
  timeoutMs: number = TEARDOWN_TIMEOUT_MS,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what} did not end within ${timeoutMs} ms; open: ${open()}`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([end, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** What keeps this process alive: each kind with its number. */
function open(): string {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
}
