import { beforeEach, describe, expect, it } from '@jest/globals';
import { Peers } from './peers.js';

const SILENCE_MS = 3_000;

describe('the frames of other processes', () => {
  let peers: Peers;
  const receive = (nodeId: string, number: number, { now = 0, isLast = false } = {}): string =>
    peers.receive({ nodeId, number, isLast }, now);

  beforeEach(() => {
    peers = new Peers('own', SILENCE_MS);
  });

  it('follow each other by their numbers, and what is missing shows at the next one', () => {
    expect([1, 2, 3].map((number) => receive('east', number))).toEqual(['next', 'next', 'next']);
    expect([3, 5, 6, 4].map((number) => receive('east', number))).toEqual(['repeated', 'gap', 'next', 'repeated']);
  });

  it('are a gap where a process was not known before, unless it is its first', () => {
    expect([receive('east', 7), receive('east', 8), receive('west', 1)]).toEqual(['gap', 'next', 'next']);
  });

  it('leave nothing in doubt where a process said that it ends, and another one begins', () => {
    receive('east', 1);
    expect(receive('east', 2, { isLast: true })).toBe('next');
    expect(peers.forgetSilent(SILENCE_MS * 2)).toBe(false);
    expect(receive('east again', 1)).toBe('next');
    expect(peers.count).toBe(1);
  });

  it('are missed where a process falls silent, once, and its next one is a gap', () => {
    receive('east', 1);
    receive('west', 1, { now: SILENCE_MS });
    expect([SILENCE_MS, SILENCE_MS + 1, SILENCE_MS + 2].map((now) => peers.forgetSilent(now))).toEqual([
      false,
      true,
      false,
    ]);
    expect(peers.count).toBe(1);
    expect(receive('east', 2)).toBe('gap');
  });

  it('show that this process receives anything, by its own', () => {
    expect(peers.receivesItself(0)).toBe(false);
    expect(receive('own', 1, { now: SILENCE_MS })).toBe('own');
    expect(peers.receivesItself(2 * SILENCE_MS)).toBe(true);
    expect(peers.receivesItself(2 * SILENCE_MS + 1)).toBe(false);
    expect(peers.count).toBe(0);
  });

  it('show it also that they come too late, however many come, until one comes in time', () => {
    const sentAt = (number: number): number => number * 1_000;
    const isUp: boolean[] = [];
    // Each comes half a second later than the one before it: the seventh after 3.5 s.
    for (let number = 1; number <= 8; number += 1) {
      peers.sent(number, sentAt(number));
      const now = sentAt(number) + number * 500;
      expect(receive('own', number, { now })).toBe('own');
      isUp.push(peers.receivesItself(now));
    }
    expect(isUp).toEqual([true, true, true, true, true, true, false, false]);
    peers.sent(9, 13_000);
    expect(peers.receivesItself(13_000)).toBe(false);
    receive('own', 9, { now: 13_010 });
    expect(peers.receivesItself(13_010)).toBe(true);
  });

  it('are not waited for where they were lost, and a later one has come', () => {
    for (const number of [1, 2, 3]) peers.sent(number, 0);
    receive('own', 3, { now: 10 });
    expect(peers.receivesItself(10 + SILENCE_MS)).toBe(true);
  });
});
