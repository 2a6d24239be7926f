import type { Clock, Timer } from '../../src/ports/environment.js';

interface Entry {
  dueAt: number;
  work: () => void;
}

/** Time that passes only when a test says so; promises settle in between. */
export class VirtualClock implements Clock {
  private elapsedMs = 0;
  private readonly entries = new Set<Entry>();

  /** `wallMs`: what the device believes the time to be; a test may set it wrong. */
  constructor(public wallMs = Date.parse('2026-11-26T12:00:00.000Z')) {}

  now(): number {
    return this.wallMs + this.elapsedMs;
  }

  elapsed(): number {
    return this.elapsedMs;
  }

  setTimeout(work: () => void, delayMs: number): Timer {
    const entry: Entry = { dueAt: this.elapsedMs + Math.max(0, delayMs), work };
    this.entries.add(entry);
    return { timer: entry };
  }

  clearTimeout(timer: Timer | undefined): void {
    if (timer !== undefined) this.entries.delete(timer.timer as Entry);
  }

  /** How many timers wait: none may be left behind by what was closed. */
  get waiting(): number {
    return this.entries.size;
  }

  async advance(ms: number): Promise<void> {
    const end = this.elapsedMs + ms;
    await settled();
    for (;;) {
      let next: Entry | undefined;
      // They are in the order in which they were set: of two that are due at once the first goes first.
      for (const entry of this.entries) if (next === undefined || entry.dueAt < next.dueAt) next = entry;
      if (next === undefined || next.dueAt > end) break;
      this.entries.delete(next);
      this.elapsedMs = next.dueAt;
      next.work();
      await settled();
    }
    this.elapsedMs = end;
    await settled();
  }
}

/** Lets every promise that can settle do so. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** What a promise rejects with; watched from now on, looked at later. */
export function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error('It did not reject.'),
    (error: unknown) => error,
  );
}
