import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Database } from '../database/database.js';
import { EventBus } from '../events/event-bus.js';
import type { CatchUpRepository } from './catch-up/catch-up.repository.js';
import { older } from './snapshots.js';
import { UnsettledWrites } from './unsettled-writes.js';

describe('writes of which it is not known whether they were committed', () => {
  let snapshot: string | undefined;
  /** What the database waits for before it answers. */
  let held: Promise<void> | undefined;
  let published: string[];
  let database: Database;
  let writes: UnsettledWrites;
  beforeEach(async () => {
    jest.useFakeTimers();
    [snapshot, published, database] = ['1:1:', [], { background: {} } as Database];
    const events = new EventBus();
    events.subscribe('write.unsettled', ({ since }) => void published.push(since));
    const repository = {
      snapshot: async () => {
        await held;
        if (snapshot === undefined) throw new Error('away');
        return snapshot;
      },
    } as CatchUpRepository;
    writes = new UnsettledWrites(database, repository, events);
    writes.onApplicationBootstrap();
    await jest.advanceTimersByTimeAsync(14_000);
    snapshot = '5:5:';
    await jest.advanceTimersByTimeAsync(2_000);
  });
  afterEach(async () => {
    await writes.onApplicationShutdown();
    jest.useRealTimers();
  });

  it('are read from before the first of them, at once and when the database answers, however long it is away', async () => {
    snapshot = undefined;
    database.onUnsettledWrite();
    expect(published).toEqual(['1:1:']);
    await jest.advanceTimersByTimeAsync(120_000);
    expect(published).toEqual(['1:1:']);
    snapshot = '20:20:';
    await jest.advanceTimersByTimeAsync(60_000);
    expect(published).toEqual(['1:1:', '1:1:', '1:1:']);
    // Everything was read: the next one begins anew.
    published = [];
    await jest.advanceTimersByTimeAsync(60_000);
    database.onUnsettledWrite();
    expect(published).toEqual(['20:20:']);
  });

  it('are looked for less and less often where one follows the other', async () => {
    for (let second = 0; second < 120; second += 1) {
      database.onUnsettledWrite();
      await jest.advanceTimersByTimeAsync(1_000);
    }
    expect(published.length).toBeLessThan(12);
    const last = published.length;
    await jest.advanceTimersByTimeAsync(70_000);
    expect(published.length).toBeGreaterThan(last);
  });

  it('are read again whenever something of it has ended that the database had under way, until all has', async () => {
    snapshot = '8:12:8,11';
    database.onUnsettledWrite();
    await jest.advanceTimersByTimeAsync(120_000);
    expect(published).toHaveLength(3);
    snapshot = '11:40:11,20';
    await jest.advanceTimersByTimeAsync(60_000);
    expect(published).toHaveLength(4);
    // Another one runs, which began after them.
    snapshot = '20:40:20';
    await jest.advanceTimersByTimeAsync(120_000);
    expect(published).toHaveLength(5);
    expect(new Set(published)).toEqual(new Set(['1:1:']));
  });

  it('are looked for five minutes where something stays under way', async () => {
    snapshot = '8:12:8';
    database.onUnsettledWrite();
    await jest.advanceTimersByTimeAsync(340_000);
    snapshot = '12:12:';
    await jest.advanceTimersByTimeAsync(60_000);
    expect(published).toHaveLength(3);
  });

  it('are none too few where one comes while it is looked', async () => {
    snapshot = '8:12:8';
    database.onUnsettledWrite();
    await jest.advanceTimersByTimeAsync(3_000);
    const before = published.length;
    let answer = (): void => undefined;
    held = new Promise((resolve) => (answer = resolve));
    snapshot = '12:12:';
    await jest.advanceTimersByTimeAsync(31_000);
    database.onUnsettledWrite();
    held = undefined;
    answer();
    await jest.advanceTimersByTimeAsync(120_000);
    expect(published.length).toBeGreaterThan(before + 1);
  });

  it('know which of two snapshots was taken first', () => {
    expect(older('5:9:5', '7:9:7')).toBe('5:9:5');
    expect(older('9:10:', '5:9:5')).toBe('5:9:5');
    expect(older('99:100:', '100:101:')).toBe('99:100:');
  });
});
