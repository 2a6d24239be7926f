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
});
