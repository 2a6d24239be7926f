import { expect, it } from '@jest/globals';
import type { Principal } from '../../common/access/principal.js';
import type { EndedSessions } from '../delivery/ended-sessions.js';
import { Standstill } from './standstill.js';

it('repairs a second standstill after the first, and knows the sessions that either saw end', async () => {
  const [ada, bob, eve] = ['ada', 'bob', 'eve'].map((userId): Principal => ({ userId, sessionId: `of ${userId}` }));
  const answers: ((ended: readonly (Principal | undefined)[]) => void)[] = [];
  const endedSessions = { close: () => new Promise((resolve) => answers.push(resolve)) };
  const standstill = new Standstill(endedSessions as unknown as EndedSessions);
  const order: [number, (principal: Principal) => boolean][] = [];
  const repairs = [1, 2].map(async (n) => {
    Object.assign(standstill, { ranAt: Number.NEGATIVE_INFINITY });
    const hadEnded = await standstill.repaired();
    if (hadEnded !== undefined) order.push([n, hadEnded]);
  });
  answers[1]?.([bob]);
  await new Promise(setImmediate);
  expect(order).toEqual([]);
  answers[0]?.([ada]);
  await Promise.all(repairs);
  expect(order.map(([n]) => n)).toEqual([1, 2]);
  const ended = order.map(([, hadEnded]) => [ada, bob, eve].map((principal) => hadEnded(principal as Principal)));
  expect(ended).toEqual([
    [true, false, false],
    [true, true, false],
  ]);
  expect(standstill.repaired()).toBeUndefined();
});
