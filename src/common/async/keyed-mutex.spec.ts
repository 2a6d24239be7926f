import { describe, expect, it } from '@jest/globals';
import { KeyedMutex } from './keyed-mutex.js';

describe('a keyed mutex', () => {
  it('runs work of one key in order, and does not let it wait for another key', async () => {
    const mutex = new KeyedMutex();
    const done: string[] = [];
    let finishFirst = (): void => undefined;
    const first = new Promise<void>((resolve) => (finishFirst = resolve));
    const work = [
      mutex.run('a', () => first.then(() => done.push('a1'))),
      mutex.run('a', () => done.push('a2')),
      mutex.run('b', async () => done.push('b1')),
    ];
    await work[2];
    expect(done).toEqual(['b1']);
    finishFirst();
    await Promise.all(work);
    expect(done).toEqual(['b1', 'a1', 'a2']);
  });

  it('goes on behind work that fails, and hands the failure to who asked for it alone', async () => {
    const mutex = new KeyedMutex();
    const failing = mutex.run('a', () => Promise.reject(new Error('it failed')));
    const next = mutex.run('a', () => 'went on');
    await expect(failing).rejects.toThrow('it failed');
    await expect(next).resolves.toBe('went on');
  });

  it('keeps nothing of a key that is at rest', async () => {
    const mutex = new KeyedMutex();
    const work = mutex.run('a', () => undefined);
    expect(mutex.isLocked('a')).toBe(true);
    await work;
    await new Promise(setImmediate);
    expect(mutex.isLocked('a')).toBe(false);
  });
});
