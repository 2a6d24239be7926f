import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import type { CatchUpRepository } from './catch-up/catch-up.repository.js';
import { DatabaseClock } from './database-clock.js';

describe('the clock of several processes', () => {
  const BEGINNING = Date.parse('2026-11-30T12:00:00Z');
  /** What the database says of itself, however long this machine sleeps. */
  let databaseTime: () => number;
  let asked: number;
  let clock: Clock;
  let alignment: DatabaseClock;

  beforeEach(async () => {
    jest.useFakeTimers({ now: BEGINNING });
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const began = performance.now();
    databaseTime = () => BEGINNING + performance.now() - began;
    asked = 0;
    clock = new Clock();
    const time = (): Promise<number> => {
      asked += 1;
      return Promise.resolve(databaseTime());
    };
    alignment = new DatabaseClock({ time } as CatchUpRepository, clock);
    await alignment.onApplicationBootstrap();
  });
  afterEach(async () => {
    await alignment.onApplicationShutdown();
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('goes on where the clock of the machine is set', () => {
    jest.setSystemTime(BEGINNING + 3_600_000);
    expect(clock.now()).toBe(BEGINNING);
    jest.setSystemTime(BEGINNING - 3_600_000);
    expect(clock.now()).toBe(BEGINNING);
  });

  it('is compared again within a second or two where the machine slept, and else after half a minute', async () => {
    await jest.advanceTimersByTimeAsync(29_000);
    expect(asked).toBe(1);
    const before = databaseTime;
    databaseTime = () => before() + 600_000;
    jest.setSystemTime(Date.now() + 600_000);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(clock.now()).toBe(BEGINNING + 630_000);
    const count = asked;
    await jest.advanceTimersByTimeAsync(20_000);
    expect(asked).toBe(count);
  });
});
