import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import {
  MAX_OUTBOUND_BYTES,
  MAX_OUTBOUND_BYTES_BEFORE_AUTHENTICATION,
  OutboundQueue,
  OutboundQueues,
} from './outbound-queue.js';

describe('the outbound queue of a connection', () => {
  let written: number;
  let ended: number;
  let failures: number;
  let queue: OutboundQueue;
  beforeEach(() => {
    written = 0;
    ended = 0;
    failures = 0;
    queue = new OutboundQueue(
      () => written,
      () => (ended += 1),
    );
  });

  it('takes one event of any size behind what may wait, and nothing after it', () => {
    written = MAX_OUTBOUND_BYTES_BEFORE_AUTHENTICATION;
    expect(queue.mayWrite()).toBe(true);
    written += 1;
    expect([queue.mayWrite(), queue.mayWrite(), ended]).toEqual([false, false, 1]);
    written = 0;
    expect([queue.mayWrite(), queue.isEnded]).toEqual([false, true]);
  });

  it('takes more of a client that is let in', () => {
    queue.maxBytes = MAX_OUTBOUND_BYTES;
    written = MAX_OUTBOUND_BYTES;
    expect([queue.mayWrite(), ended]).toEqual([true, 0]);
  });

  const failed = (): void => void (failures += 1);

  it('writes in the order of delivery although some must be read first', async () => {
    const order: number[] = [];
    queue.deliver(async () => {
      await new Promise(setImmediate);
      order.push(1);
    }, failed);
    queue.deliver(() => void order.push(2), failed);
    expect(queue.bytes).toBeGreaterThan(0);
    while (queue.bytes > 0) await new Promise(setImmediate);
    expect([order, failures]).toEqual([[1, 2], 0]);
  });

  it('writes nothing behind what could not be read, and says so once', async () => {
    const reports = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const order: number[] = [];
    queue.deliver(() => void order.push(1), failed);
    queue.deliver(() => Promise.reject(new Error('it could not be read')), failed);
    queue.deliver(() => void order.push(2), failed);
    queue.deliver(() => Promise.reject(new Error('nor could this')), failed);
    while (queue.bytes > 0) await new Promise(setImmediate);
    expect([order, failures, reports.mock.calls.length]).toEqual([[1], 1, 1]);
    reports.mockRestore();
  });

  it('hands the failure of what was asked for to who asked, and goes on', async () => {
    const order: number[] = [];
    const answer = queue.answer(() => Promise.reject(new Error('it could not be read')));
    queue.deliver(() => void order.push(1), failed);
    await expect(answer).rejects.toThrow('it could not be read');
    while (queue.bytes > 0) await new Promise(setImmediate);
    expect([order, failures]).toEqual([[1], 0]);
    queue.close();
    expect(await queue.answer(() => Promise.resolve('unread'))).toBeUndefined();
  });

  it('counts what is yet to be encoded, and drops it once the client is ended', async () => {
    let release = (): void => undefined;
    let deliveries = 0;
    let written = 0;
    queue.deliver(() => new Promise<void>((resolve) => (release = resolve)), failed);
    while (ended === 0 && deliveries < 100_000) {
      queue.deliver(() => void (written += 1), failed);
      deliveries += 1;
    }
    expect(deliveries).toBeLessThanOrEqual(MAX_OUTBOUND_BYTES_BEFORE_AUTHENTICATION / 512 + 1);
    release();
    while (queue.bytes > 0) await new Promise(setImmediate);
    expect([written, ended]).toEqual([0, 1]);
  });

  it('reads nothing more for a client that is gone, and reports nothing that fails from then on', async () => {
    const reports = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const queues = new OutboundQueues();
    queues.add(queue);
    let reads = 0;
    queue.deliver(async () => {
      await new Promise(setImmediate);
      throw new Error('the database is closed');
    }, failed);
    queue.deliver(() => void (reads += 1), failed);
    queues.remove(queue);
    while (queue.bytes > 0) await new Promise(setImmediate);
    expect([reads, failures, reports.mock.calls]).toEqual([0, 0, []]);
    reports.mockRestore();
    queues.onApplicationShutdown();
  });

  it('is ended before others where all together hold too much, and those that hold little are not', () => {
    const queues = new OutboundQueues();
    const sizes = [400, 300, 200, 0];
    const ends: number[] = [];
    for (const size of sizes) {
      queues.add(
        new OutboundQueue(
          () => size,
          () => ends.push(size),
        ),
      );
    }
    queues.boundTotal(900);
    expect(ends).toEqual([]);
    queues.boundTotal(899);
    expect(ends).toEqual([400]);
    queues.boundTotal(499);
    expect(ends).toEqual([400, 300]);
    queues.onApplicationShutdown();
  });
});
