import { afterEach, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { BoundedLogger } from './bounded-logger.js';

afterEach(() => {
  jest.restoreAllMocks();
});

it('logs so many lines a minute, and then how many it left out', () => {
  const lines: unknown[] = [];
  jest.spyOn(Logger.prototype, 'log').mockImplementation((message: unknown) => void lines.push(message));
  let now = 1_000;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  const logger = new BoundedLogger('Test', 2);
  for (const text of ['a', 'b', 'c', 'd', 'e']) logger.log(text);
  expect(lines).toEqual(['a', 'b']);
  now += 60_000;
  logger.log('f');
  expect(lines).toEqual(['a', 'b', '3 more such lines were left out', 'f']);
});
