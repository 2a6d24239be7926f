import { describe, expect, it } from '@jest/globals';
import { processLock } from '../../src/tabs/process-lock.js';
import { webLock } from '../../src/tabs/web-lock.js';

describe('the lock of one process', () => {
  it('lets one at a time work, in the order of the requests, also after one that failed', async () => {
    const lock = processLock();
    const log: string[] = [];
    const work = (name: string, fails = false) =>
      lock.run('a', async () => {
        log.push(`${name} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        log.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      });
    const results = await Promise.allSettled([work('one'), work('two', true), work('three')]);
    expect(log).toEqual(['one begins', 'one ends', 'two begins', 'two ends', 'three begins', 'three ends']);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('keeps names apart', async () => {
    const lock = processLock();
    await lock.run('a', () => lock.run('b', () => Promise.resolve()));
    expect(await lock.run('a', () => Promise.resolve('again'))).toBe('again');
  });

  it('ends a wait by its signal, without work, and without letting others in too early', async () => {
    const lock = processLock();
    let letGo = (): void => undefined;
    const holder = lock.run('a', () => new Promise<void>((resolve) => (letGo = resolve)));
    const controller = new AbortController();
    const log: string[] = [];
    const waiter = lock.run('a', async () => void log.push('aborted'), { signal: controller.signal });
    const next = lock.run('a', async () => void log.push('next'));
    controller.abort(new Error('given up'));
    await expect(waiter).rejects.toThrow('given up');
    await new Promise((resolve) => setImmediate(resolve));
    expect(log).toEqual([]);
    letGo();
    await Promise.all([holder, next]);
    expect(log).toEqual(['next']);
    await expect(lock.run('a', async () => undefined, { signal: controller.signal })).rejects.toThrow('given up');
  });

  it('is taken from a holder that is frozen, which is notified, and whose late end lets nobody in', async () => {
    const lock = processLock();
    const order: string[] = [];
    let end = (): void => undefined;
    const frozen = lock.run('a', () => new Promise<void>((resolve) => (end = resolve)));
    const lost = frozen.catch((error: Error) => order.push(error.message));
    let endThief = (): void => undefined;
    const waiting = lock.run('a', async () => order.push('waited'));
    const thief = lock.run('a', () => new Promise<void>((resolve) => (endThief = resolve)), { steal: true });
    await lost;
    end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual(['The lock was taken over.']);
    endThief();
    await Promise.all([thief, waiting]);
    expect(order).toEqual(['The lock was taken over.', 'waited']);
  });

  it('stands in for the browser’s where a page without an origin is refused those', async () => {
    const refuse = (): Promise<never> =>
      Promise.reject(new DOMException('Access to the Locks API is denied in this context.', 'SecurityError'));
    const lock = webLock({ request: refuse, query: refuse });
    const order: string[] = [];
    await Promise.all([
      lock.run('name', async () => {
        order.push('first');
        await Promise.resolve();
        order.push('first ends');
      }),
      lock.run('name', () => Promise.resolve(order.push('second'))),
    ]);
    expect(order).toEqual(['first', 'first ends', 'second']);
    const own = new DOMException('of the work', 'SecurityError');
    await expect(lock.run('name', () => Promise.reject(own))).rejects.toBe(own);
  });
});
