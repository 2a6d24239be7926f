import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Database } from '../../../src/database/database.js';
import type { Call, FakeService, Misbehaviour } from '../../support/push/fake-service.js';
import { expoToken, fcmToken, logOf, type PushStory, startPushStory } from '../../support/push/push-story.js';
import { type Person, until } from '../../support/story.js';

const LEASE_MS = 12_000;

let push: PushStory;
let ada: Person;
beforeEach(async () => {
  push = await startPushStory({ pushLeaseMs: LEASE_MS });
  ada = await push.story.person('ada');
});
afterEach(async () => {
  await push?.close();
  expect(push.faults()).toEqual([]);
});

/** Holds what a provider is sent from now on, until it is released. Answers how many calls are held. */
function hold(fake: FakeService): { calls: number } {
  const held = { calls: 0 };
  fake.misbehave = ({ path }: Call): Misbehaviour | undefined => {
    if (path === '/token') return undefined;
    held.calls += 1;
    return 'slow';
  };
  return held;
}

describe('a device that much waits for', () => {
  /** The lease of the person's device, and how much of it is left. */
  const leaseOf = async (person: Person): Promise<{ leaseId: string | null; leftMs: number }> => {
    const [row] = await push.story.app.get(Database).query<{ leaseId: string | null; leftMs: number }>(
      `SELECT lease_id::text AS "leaseId", (extract(epoch FROM leased_until - now()) * 1000)::float8 AS "leftMs"
       FROM push_devices WHERE user_id = $1`,
      [person.id],
    );
    return row ?? { leaseId: null, leftMs: 0 };
  };

  it.each([
    ['fcm', fcmToken(), 3],
    // More than one request takes.
    ['expo', expoToken(), 101],
  ] as const)(
    'is given back long before its lease ends, and taken again for what is left: %s',
    async (platform, token, count) => {
      const fake = push[platform];
      const bob = await push.story.person('bob');
      await bob.must('PUT', '/devices/phone', { platform, token });
      // While somebody looks at the app everything waits, and is decided about together.
      await bob.device();
      const groups = [];
      for (let group = 0; group < count; group += 1) groups.push(await ada.group(`Group ${group}`, bob));
      await until('all of them wait', async () => {
        const [row] = await push.story.app.get(Database).query<{ waiting: number }>(
          `SELECT count(*)::integer AS waiting FROM push_notices n JOIN push_devices d ON d.id = n.device_id
         WHERE d.user_id = $1 AND n.decide_at > now() + interval '1 minute'`,
          [bob.id],
        );
        return row?.waiting === count;
      });
      const first = hold(fake);
      await push.later(bob);
      await until('the first request is held', () => first.calls === 1);
      const { leaseId } = await leaseOf(bob);
      await until('a quarter of the lease is over', async () => (await leaseOf(bob)).leftMs < (LEASE_MS * 3) / 4);
      fake.release();
      const second = hold(fake);
      await until('the next request is held', () => second.calls === 1);
      const next = await leaseOf(bob);
      expect(next.leaseId).not.toBeNull();
      expect(next.leaseId).not.toBe(leaseId);
      fake.release();
      const delivered = await fake.arrived(token, count);
      expect(delivered.map(({ tag }) => tag).sort()).toEqual([...groups].sort());
      await until('all of it is noted', async () => {
        const sent = (await logOf(bob)).filter(({ outcome }) => outcome === 'sent');
        return sent.length === Math.min(count, 100);
      });
      expect(fake.of(token)).toHaveLength(count);
    },
  );
});
