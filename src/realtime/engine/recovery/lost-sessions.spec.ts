import { beforeEach, describe, expect, it } from '@jest/globals';
import { LostSessions } from './lost-sessions.js';
import { RECOVERY_WINDOW_MS } from './recovery-log.js';

describe('lost sessions', () => {
  let now: number;
  let lost: LostSessions<string>;
  beforeEach(() => {
    now = 0;
    lost = new LostSessions(() => now);
  });
  const add = (pid: string, userId: string, ...rooms: string[]): void =>
    lost.add({ pid, userId, rooms: new Set(rooms), session: `session of ${pid}` });

  it('come back once, and their rooms are awaited until their time is over', () => {
    add('1', 'ada', 'a', 'b');
    expect([lost.isAwaited('a'), lost.isAwaited('c'), lost.userIdsIn('b')]).toEqual([true, false, ['ada']]);
    expect(lost.take('1')?.session).toBe('session of 1');
    expect(lost.take('1')).toBeUndefined();
    // What comes while its token is looked at is for it as well.
    expect(lost.isAwaited('a')).toBe(true);
    now = RECOVERY_WINDOW_MS + 1;
    lost.expire();
    expect([lost.isAwaited('a'), lost.size]).toEqual([false, 0]);
  });

  it('do not come back after their time, nor once they are forgotten', () => {
    add('1', 'ada', 'a');
    add('2', 'bob', 'a');
    add('3', 'ada', 'a');
    lost.forget('ada');
    expect([lost.take('1'), lost.take('3'), lost.userIdsIn('a')]).toEqual([undefined, undefined, ['bob']]);
    now = RECOVERY_WINDOW_MS + 1;
    expect(lost.take('2')).toBeUndefined();
  });

  it('are not the same any more where what they may receive changes while they are let in again', () => {
    add('1', 'ada', 'a');
    add('2', 'bob', 'a');
    const [adas, bobs] = [lost.take('1'), lost.take('2')];
    lost.forget('ada');
    expect([adas?.hasChanged, bobs?.hasChanged]).toEqual([true, false]);
  });

  it('are not the same any more where they fall out of the bounds while they are let in again', () => {
    add('1', 'ada', 'a');
    now = RECOVERY_WINDOW_MS - 1;
    const back = lost.take('1');
    expect(back?.hasChanged).toBe(false);
    now = RECOVERY_WINDOW_MS + 1;
    lost.expire();
    expect(back?.hasChanged).toBe(true);
  });

  it('are bounded in number and in rooms: those lost first make room', () => {
    for (let index = 0; index < 10_001; index += 1) add(`${index}`, 'ada', 'a');
    expect([lost.size, lost.take('0'), lost.take('1')?.pid]).toEqual([10_000, undefined, '1']);
    const many = Array.from({ length: 100_000 }, (_, index) => `${index}`);
    for (const name of ['x', 'y', 'z', 'v', 'w', 'u']) add(name, 'bob', ...many.map((room) => `${name} ${room}`));
    expect(lost.size).toBe(5);
    expect([lost.isAwaited('a'), lost.isAwaited('x 0'), lost.isAwaited('u 0')]).toEqual([false, false, true]);
  });
});
