import { expect, it } from '@jest/globals';
import { DomainError } from '../../common/errors.js';
import type { RateLimiter } from '../rates/rate-limiter.js';
import { ReadGate } from './read-gate.js';

const ada = { userId: 'ada' };

it('refuses who has read too much what may be large, and nothing that is small', async () => {
  const limiter = { consume: () => Promise.reject(new DomainError('RATE_LIMITED')) };
  const gate = new ReadGate(limiter as unknown as RateLimiter);
  await expect(gate.run(ada, async () => 'a page')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  expect(await gate.runSmall(ada, async () => 'one message')).toBe('one message');
});

it('answers four questions of a user at once, small ones among them', async () => {
  const limiter = { consume: async () => undefined, charge: async () => undefined };
  const gate = new ReadGate(limiter as unknown as RateLimiter);
  const ends: (() => void)[] = [];
  const read = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
  const asked = Array.from({ length: 3 }, () => [gate.run(ada, read), gate.runSmall(ada, read)]).flat();
  await gate.runSmall({ userId: 'bob' }, async () => undefined);
  expect(ends).toHaveLength(4);
  for (const end of ends.splice(0)) end();
  await Promise.all(asked.slice(0, 4));
  expect(ends).toHaveLength(2);
  for (const end of ends) end();
  await Promise.all(asked);
});
