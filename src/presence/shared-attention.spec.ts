import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Attention } from './attention.js';
import { SharedAttention } from './shared-attention.js';

let warnings: string[];
beforeEach(() => {
  jest.useFakeTimers();
  warnings = [];
  const ignore = (): void => undefined;
  Logger.overrideLogger({ log: ignore, error: ignore, warn: (message: string) => warnings.push(message) });
});
afterEach(() => {
  jest.useRealTimers();
  Logger.overrideLogger(false);
});

it('what users look at is written again some seconds behind a failure, and the log says so a few times a minute', async () => {
  let isAway = true;
  const written: (readonly string[])[] = [];
  const repository = {
    sweep: () => Promise.resolve([]),
    write: (userIds: readonly string[]) => {
      written.push(userIds);
      return isAway ? Promise.reject(new Error('connect ECONNREFUSED')) : Promise.resolve();
    },
  };
  const attention = new Attention();
  const shared = new SharedAttention(attention, repository as never, { isOneOfSeveral: true } as never);
  attention.changed('ada');
  await jest.advanceTimersByTimeAsync(1_000);
  attention.changed('bob');
  await jest.advanceTimersByTimeAsync(1_000);
  expect(written).toEqual([['ada']]);
  await jest.advanceTimersByTimeAsync(57_000);
  expect(written.length).toBeLessThanOrEqual(20);
  expect(warnings).toHaveLength(6);
  isAway = false;
  await jest.advanceTimersByTimeAsync(6_000);
  expect(written.at(-1)?.toSorted()).toEqual(['ada', 'bob']);
  const { length } = written;
  attention.changed('ada');
  await jest.advanceTimersByTimeAsync(1_000);
  expect(written.slice(length)).toEqual([['ada']]);
  await shared.onApplicationShutdown();
});
