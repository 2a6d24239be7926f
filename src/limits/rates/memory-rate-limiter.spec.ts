import { beforeEach, describe, expect, it } from '@jest/globals';
import { Clock } from '../../common/clock.js';
import { DomainError } from '../../common/errors.js';
import { LIMITS } from '../../config/limits.js';
import { MemoryRateLimiter } from './memory-rate-limiter.js';

class SetClock extends Clock {
  time = 1_000_000;
  override now(): number {
    return this.time;
  }
}

describe('limiting in memory', () => {
  let clock: SetClock;
  let limiter: MemoryRateLimiter;

  beforeEach(() => {
    clock = new SetClock();
    limiter = new MemoryRateLimiter(clock);
  });

  const refusal = (consume: () => void): DomainError => {
    try {
      consume();
    } catch (error) {
      return error as DomainError;
    }
    throw new Error('it was not refused');
  };

  const exhaust = (key: string): void => {
    for (let n = 0; n < LIMITS.loginByAccount.burst; n += 1) limiter.consume('loginByAccount', key);
  };

  it('lets a burst pass, then says when to come back', () => {
    exhaust('ada');
    const error = refusal(() => limiter.consume('loginByAccount', 'ada'));
    expect(error.code).toBe('RATE_LIMITED');
    expect(error.retryAfterMs).toBe(6_000);

    clock.time += 5_999;
    expect(refusal(() => limiter.consume('loginByAccount', 'ada')).retryAfterMs).toBe(1);
    clock.time += 1;
    limiter.consume('loginByAccount', 'ada');
    refusal(() => limiter.consume('loginByAccount', 'ada'));
  });

  it('keeps keys and limits apart', () => {
    exhaust('ada');
    limiter.consume('loginByAccount', 'bob');
    limiter.consume('search', 'ada');
  });

  it('never holds more than a burst', () => {
    exhaust('ada');
    clock.time += 24 * 3_600_000;
    exhaust('ada');
    refusal(() => limiter.consume('loginByAccount', 'ada'));
  });

  it('takes several points at once, and a whole bucket for more than it holds', () => {
    limiter.consume('search', 'ada', LIMITS.search.burst - 1);
    refusal(() => limiter.consume('search', 'ada', 2));
    limiter.consume('search', 'ada');
    limiter.consume('search', 'bob', LIMITS.search.burst * 10);
    refusal(() => limiter.consume('search', 'bob'));
  });

  it('takes points back', () => {
    exhaust('ada');
    limiter.restore('loginByAccount', 'ada');
    limiter.consume('loginByAccount', 'ada');
    refusal(() => limiter.consume('loginByAccount', 'ada'));
  });

  it('refuses until what was charged beyond the bucket is paid back, and bounds what can be owed', () => {
    limiter.charge('search', 'ada', LIMITS.search.burst + 20);
    expect(refusal(() => limiter.consume('search', 'ada', 0)).retryAfterMs).toBe(2_000);
    clock.time += 2_000;
    limiter.consume('search', 'ada', 0);
    refusal(() => limiter.consume('search', 'ada'));

    limiter.charge('search', 'bob', LIMITS.search.burst * 1_000);
    expect(refusal(() => limiter.consume('search', 'bob', 0)).retryAfterMs).toBe(6_000);
  });

  it('counts by the table it is given', () => {
    const strict = new MemoryRateLimiter(clock, { ...LIMITS, search: { ...LIMITS.search, burst: 1 } });
    strict.consume('search', 'ada');
    refusal(() => strict.consume('search', 'ada'));
  });

  it('never refuses five tabs that each refresh in every minute of a day', () => {
    const minuteOfAll = (): void => {
      for (let tab = 0; tab < 5; tab += 1) limiter.consume('refreshesOfSession', 'a session');
      clock.time += 60_000;
    };
    expect(() => {
      for (let minute = 0; minute < 24 * 60; minute += 1) minuteOfAll();
    }).not.toThrow();
  });

  it('survives a clock that is set back', () => {
    exhaust('ada');
    clock.time -= 3_600_000;
    refusal(() => limiter.consume('loginByAccount', 'ada'));
    clock.time += 6_000;
    limiter.consume('loginByAccount', 'ada');
  });

  it('forgets full buckets, and keeps its bound under a flood of keys', () => {
    const small = new MemoryRateLimiter(clock, LIMITS, 100);
    for (let n = 0; n < 100; n += 1) small.consume('search', `early ${n}`);
    clock.time += 60_000;
    small.consume('search', 'late');
    expect(small.size).toBe(1);

    for (let n = 0; n < 10_000; n += 1) {
      small.consume('search', `flood ${n}`);
      if (small.size > 100) throw new Error(`${small.size} buckets`);
    }
  });

  it('forgets no empty bucket for a flood of keys', () => {
    const small = new MemoryRateLimiter(clock, LIMITS, 100);
    for (let n = 0; n < LIMITS.loginByStrangers.burst; n += 1) small.consume('loginByStrangers', 'ada');
    for (let n = 0; n < 10_000; n += 1) small.consume('loginByStrangers', `flood ${n}`);
    expect(() => small.consume('loginByStrangers', 'ada')).toThrow('Too many requests');
  });
});
