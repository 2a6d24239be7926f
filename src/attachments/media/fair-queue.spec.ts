import { describe, expect, it } from '@jest/globals';
import { FairQueue } from './fair-queue.js';

/** The owners in the order in which they are served, each work at the cost that its name says. */
function served(queue: FairQueue<number>, times: number): string {
  const order: string[] = [];
  for (let turn = 0; turn < times; turn += 1) {
    const next = queue.shift();
    if (next === undefined) break;
    order.push(next.owner);
    queue.charge(next.owner, next.work);
  }
  return order.join('');
}

describe('a fair queue', () => {
  it('serves owners in turn whose works cost the same, each in its own order', () => {
    const queue = new FairQueue<number>();
    for (const owner of 'aaabbc') queue.push(owner, 1);
    expect(served(queue, 10)).toBe('abcaba');
    expect([queue.size, queue.shift()]).toEqual([0, undefined]);
  });

  it('serves who costs much less often than who costs little', () => {
    const queue = new FairQueue<number>();
    for (let n = 0; n < 4; n += 1) queue.push('a', 100);
    for (let n = 0; n < 8; n += 1) queue.push('b', 10);
    expect(served(queue, 12)).toBe('abbbbbbbbaaa');
  });

  it('serves who comes anew after what is under way, however many wait', () => {
    const queue = new FairQueue<number>();
    for (let n = 0; n < 50; n += 1) queue.push('a', 5);
    served(queue, 10);
    queue.push('b', 1);
    expect(served(queue, 2)).toContain('b');
  });

  it('gives no credit for having been away', () => {
    const queue = new FairQueue<number>();
    queue.push('b', 1);
    for (let n = 0; n < 100; n += 1) queue.push('a', 5);
    served(queue, 50);
    for (let n = 0; n < 20; n += 1) queue.push('b', 5);
    expect(served(queue, 12)).toMatch(/^b?(ab|ba){5}/);
  });

  it('forgets who waits no more', () => {
    const queue = new FairQueue<number>();
    queue.push('a', 1);
    queue.push('a', 2);
    expect([queue.remove('a', 1), queue.remove('a', 1), queue.sizeOf('a')]).toEqual([true, false, 1]);
    expect(queue.shift()?.work).toBe(2);
    expect(queue.sizeOf('a')).toBe(0);
  });
});
