import { describe, expect, it } from '@jest/globals';
import { Batched } from './batcher.js';

describe('asking together', () => {
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

  it('asks once for all who ask in one moment, and answers each its own', async () => {
    const asked: number[][] = [];
    const batched = new Batched<number, string>(async (keys) => {
      asked.push([...keys]);
      return keys.map((key) => `${key}`);
    });
    expect(await Promise.all([1, 2, 2, 3].map((key) => batched.get(key)))).toEqual(['1', '2', '2', '3']);
    expect(await batched.get(4)).toBe('4');
    expect(asked).toEqual([[1, 2, 2, 3], [4]]);
  });

  it('answers nobody from before it asked, and has two questions under way at the most', async () => {
    const answers: (() => void)[] = [];
    const asked: number[][] = [];
    const batched = new Batched<number, number>((keys) => {
      asked.push([...keys]);
      return new Promise((resolve) => answers.push(() => resolve(keys)));
    });
    const all: Promise<number>[] = [];
    for (const key of [1, 2, 3, 4]) {
      all.push(batched.get(key));
      await turn();
    }
    expect(asked).toEqual([[1], [2]]);
    answers[0]?.();
    await all[0];
    await turn();
    expect(asked).toEqual([[1], [2], [3, 4]]);
    for (const answer of answers) answer();
    expect(await Promise.all(all)).toEqual([1, 2, 3, 4]);
  });

  it('bounds a batch, and one that fails fails its own alone', async () => {
    const sizes: number[] = [];
    const batched = new Batched<number, number>(async (keys) => {
      sizes.push(keys.length);
      if (keys.includes(7)) throw new Error('lost');
      return keys;
    });
    const results = await Promise.allSettled(Array.from({ length: 600 }, (_, key) => batched.get(key)));
    expect(sizes).toEqual([256, 256, 88]);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(256);
    expect(results.slice(256).map((result) => (result as { value?: number }).value)).toEqual(
      Array.from({ length: 344 }, (_, index) => 256 + index),
    );
  });
});
