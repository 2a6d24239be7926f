import { describe, expect, it } from '@jest/globals';
import { SerialQueue } from './serial-queue.js';

describe('a serial queue', () => {
  it('runs work in order, one at a time, and hands each its own outcome', async () => {
    const queue = new SerialQueue();
    let running = 0;
    let most = 0;
    const done: number[] = [];
    const work = [30, 20, 10].map((turns, index) =>
      queue.run(async () => {
        running += 1;
        most = Math.max(most, running);
        for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
        running -= 1;
        done.push(index);
        if (index === 1) throw new Error('the second fails');
        return index;
      }),
    );
    expect((await Promise.allSettled(work)).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect([done, most]).toEqual([[0, 1, 2], 1]);
  });
});
