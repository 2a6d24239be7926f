import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Database } from '../../../src/database/database.js';
import { MAX_NOTICES } from '../../../src/push/sending/notice.js';
import { PushSender } from '../../../src/push/sending/push-sender.js';
import { PushQueueRepository } from '../../../src/push/sending/push-queue.repository.js';
import type { Call, FakeService, Misbehaviour } from '../../support/push/fake-service.js';
import {
  apnsToken,
  expoToken,
  fcmToken,
  logOf,
  type PushStory,
  startPushStory,
} from '../../support/push/push-story.js';
import { Person, until } from '../../support/story.js';

const LEASE_MS = 12_000;

let push: PushStory;
let ada: Person;
beforeEach(async () => {
  // What waits because somebody looks at the app waits until `later`, however long it takes to make all of it.
  push = await startPushStory({ pushLeaseMs: LEASE_MS, pushElsewhereDelayMs: 280_000 });
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
    // Neither a sign-in nor a question for receipts is something that is sent.
    if (path === '/token' || path === '/getReceipts') return undefined;
    held.calls += 1;
    return 'slow';
  };
  return held;
}

/** The lease of the person's device, and how much of it is left. */
const leaseOf = async (person: Person): Promise<{ leaseId: string | null; leftMs: number }> => {
  const [row] = await push.story.app.get(Database).query<{ leaseId: string | null; leftMs: number }>(
    `SELECT lease_id::text AS "leaseId", (extract(epoch FROM leased_until - now()) * 1000)::float8 AS "leftMs"
     FROM push_devices WHERE user_id = $1`,
    [person.id],
  );
  return row ?? { leaseId: null, leftMs: 0 };
};

const rowsOf = (person: Person): Promise<{ id: string }[]> =>
  push.story.app.get(Database).query('SELECT id FROM push_devices WHERE user_id = $1', [person.id]);

describe('a device that much waits for', () => {
  it.each([
    ['fcm', fcmToken(), 3],
    // More than a turn is about.
    ['expo', expoToken(), MAX_NOTICES + 1],
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
         WHERE d.user_id = $1 AND n.decide_at > n.since + interval '1 minute'`,
          [bob.id],
        );
        return row?.waiting === count;
      });
      const first = hold(fake);
      await push.later(bob);
      await until('the first request is held', () => first.calls === 1);
      const { leaseId } = await leaseOf(bob);
      const ids = (await rowsOf(bob)).map(({ id }) => id);
      // Where its provider were away, its log would say so of as much.
      const unexplained = await push.story.app.get(PushQueueRepository).unexplained(ids, ['away']);
      expect(unexplained).toHaveLength(Math.min(count, MAX_NOTICES));
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
      if (platform === 'expo') expect(push.expo.batches).toEqual([MAX_NOTICES, 1]);
    },
    300_000,
  );
});

describe('a device that is logged out while it is sent to', () => {
  /** The turns of devices that were noted, by their rows. */
  const notedTurns = (): string[] => {
    const queue = push.story.app.get(PushQueueRepository);
    const finish = queue.finish.bind(queue);
    const noted: string[] = [];
    queue.finish = async (end, ...more) => {
      await finish(end, ...more);
      noted.push(...end.devices.map(({ id }) => id));
    };
    return noted;
  };
  /** Users with a device each, whom so many groups wait for, to be decided about together. */
  const awaited = async (platform: string, tokens: readonly string[], groups: number): Promise<Person[]> => {
    const people: Person[] = [];
    for (const token of tokens) {
      const person = await push.story.person('bob');
      await person.must('PUT', '/devices/phone', { platform, token });
      await person.device();
      people.push(person);
    }
    for (let group = 0; group < groups; group += 1) await ada.group(`Group ${group}`, ...people);
    for (const person of people)
      await until('all of them wait', async () => {
        const waiting = (await logOf(person)).filter(({ outcome }) => outcome === 'waiting');
        return waiting.length === groups;
      });
    return people;
  };
  const aged = (person: Person): Promise<void> =>
    until('its lease is old enough to be looked at again', async () => (await leaseOf(person)).leftMs < LEASE_MS - 600);

  it('is sent nothing more of what was decided before', async () => {
    const token = fcmToken();
    const [bob] = (await awaited('fcm', [token], 3)) as [Person];
    const noted = notedTurns();
    const held = hold(push.fcm);
    await push.later(bob);
    await until('the first request is held', () => held.calls === 1);
    const [row] = await rowsOf(bob);
    await aged(bob);
    await bob.must('POST', '/auth/logout');
    await until('it is registered no more', async () => (await rowsOf(bob)).length === 0);
    push.fcm.release();
    await until('its turn has ended', () => noted.includes(row?.id ?? ''));
    expect(push.fcm.of(token)).toHaveLength(1);
  });

  it('is left out of the next request, which brings others what is theirs', async () => {
    const tokens = [expoToken(), expoToken(), expoToken(), expoToken()];
    const people = await awaited('expo', tokens, 45);
    const first: string[] = [];
    push.expo.misbehave = ({ body }) => {
      first.push(...JSON.parse(body.toString()).map(({ to }: { to: string }) => to));
      return 'slow';
    };
    await push.story.app.get(Database).query(
      `WITH waiting AS (
         UPDATE push_notices SET since = since - interval '5 minutes', decide_at = now() WHERE since IS NOT NULL
         RETURNING device_id
       ) UPDATE push_devices SET due_at = now() WHERE id IN (SELECT device_id FROM waiting)`,
    );
    push.story.app.get(PushSender).wake();
    await until('the first request is held', () => first.length > 0);
    // All of two devices', a part of another's, and nothing of the last one's.
    const [part, none] = [10, 0].map((count) =>
      tokens.findIndex((token) => first.filter((to) => to === token).length === count),
    );
    const [bob, cy] = [people[part ?? -1], people[none ?? -1]] as [Person, Person];
    expect((await leaseOf(bob)).leaseId).toBe((await leaseOf(cy)).leaseId);
    await aged(bob);
    await bob.must('POST', '/auth/logout');
    await until('it is registered no more', async () => (await rowsOf(bob)).length === 0);
    push.expo.release();
    await push.expo.arrived(tokens[none ?? -1] ?? '', 45);
    expect(push.expo.batches).toEqual([100, 45]);
  }, 120_000);
});

describe('a device that registers while it is sent to', () => {
  interface Row {
    address: string;
    environment: string | null;
    suspicions: number;
    suspectedAt: Date | null;
    isLeased: boolean;
  }
  const rowOf = async (person: Person): Promise<Row | undefined> => {
    const [row] = await push.story.app.get(Database).query<Row>(
      `SELECT address, environment, suspicions, suspected_at AS "suspectedAt", lease_id IS NOT NULL AS "isLeased"
       FROM push_devices WHERE user_id = $1`,
      [person.id],
    );
    return row;
  };
  const givenBack = async (person: Person): Promise<Row | undefined> => {
    let row: Row | undefined;
    await until('nothing is sent to it', async () => {
      row = await rowOf(person);
      return row?.isLeased !== true;
    });
    return row;
  };
  const register = (person: Person, body: Record<string, unknown>) => person.must('PUT', '/devices/phone', body);

  /** Holds what is to be written of turns, until it is released. */
  const holdFinish = (): { isReached: () => boolean; release: () => void } => {
    const queue = push.story.app.get(PushQueueRepository);
    const finish = queue.finish.bind(queue);
    let isReached = false;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    queue.finish = async (...args) => {
      isReached = true;
      await released;
      return finish(...args);
    };
    return { isReached: () => isReached, release };
  };

  it('stays, and is sent what its former token was refused as none', async () => {
    const [former, token] = [fcmToken(), fcmToken()];
    push.fcm.refusals.set(former, { status: 404, code: 'UNREGISTERED' });
    const bob = await push.story.person('bob');
    await register(bob, { platform: 'fcm', token: former });
    const held = hold(push.fcm);
    await ada.send(await ada.directConversation(bob), 'Hello');
    await until('the former token is with the provider', () => held.calls === 1);
    await register(bob, { platform: 'fcm', token });
    push.fcm.release();
    expect(await push.fcm.arrived(token)).toMatchObject([{ body: 'Hello' }]);
    expect((await bob.must('GET', '/devices')).items).toHaveLength(1);
  });

  it('stays where it registers the same token once more, and goes when that is refused again', async () => {
    const token = fcmToken();
    push.fcm.refusals.set(token, { status: 404, code: 'UNREGISTERED' });
    const bob = await push.story.person('bob');
    await register(bob, { platform: 'fcm', token });
    const first = hold(push.fcm);
    await ada.send(await ada.directConversation(bob), 'Hello');
    await until('it is with the provider', () => first.calls === 1);
    await register(bob, { platform: 'fcm', token });
    push.fcm.release();
    const second = hold(push.fcm);
    await until('it is tried again', () => second.calls === 1);
    expect(await rowOf(bob)).toBeDefined();
    push.fcm.release();
    await until('it is gone', async () => (await rowOf(bob)) === undefined);
  });

  it('stays where the session ended that it was registered by before', async () => {
    const bob = await push.story.person('bob');
    const again = await Person.login(push.story.url, bob.username);
    const conversationId = await ada.directConversation(bob);
    await register(bob, { platform: 'fcm', token: fcmToken() });
    const finishing = holdFinish();
    // As by a process that was killed before it took the devices of the session away.
    await push.story.app
      .get(Database)
      .query(
        'UPDATE sessions SET revoked_at = now() WHERE id = (SELECT session_id FROM push_devices WHERE user_id = $1)',
        [bob.id],
      );
    await ada.send(conversationId, 'Hello');
    await until('it is known that the session has ended', finishing.isReached);
    const token = fcmToken();
    await register(again, { platform: 'fcm', token });
    finishing.release();
    expect(await push.fcm.arrived(token)).toMatchObject([{ body: 'Hello' }]);
  });

  it('keeps nothing of what was suspected of its former token', async () => {
    const [former, token] = [fcmToken(), fcmToken()];
    push.fcm.refusals.set(former, { status: 403, code: 'SENDER_ID_MISMATCH' });
    const bob = await push.story.person('bob');
    const conversationId = await ada.directConversation(bob);
    await register(bob, { platform: 'fcm', token: former });
    await ada.send(conversationId, 'one');
    await until('it is suspected', async () => (await rowOf(bob))?.suspicions === 1);
    await register(bob, { platform: 'fcm', token: former });
    expect(await rowOf(bob)).toMatchObject({ suspicions: 1, suspectedAt: expect.any(Date) });
    await givenBack(bob);
    const held = hold(push.fcm);
    await ada.send(conversationId, 'two');
    await until('the former token is with the provider', () => held.calls === 1);
    await register(bob, { platform: 'fcm', token });
    expect(await rowOf(bob)).toMatchObject({ suspicions: 0, suspectedAt: null, isLeased: true });
    push.fcm.release();
    expect(await givenBack(bob)).toMatchObject({ address: token, suspicions: 0, suspectedAt: null });
  });

  it('does not wait for what its former token was asked to, and was not the one that failed', async () => {
    const [former, token] = [fcmToken(), fcmToken()];
    push.fcm.refusals.set(former, { status: 429, code: 'QUOTA_EXCEEDED', retryAfter: '1800' });
    const bob = await push.story.person('bob');
    await register(bob, { platform: 'fcm', token: former });
    const finishing = holdFinish();
    await ada.send(await ada.directConversation(bob), 'Hello');
    await until('the former token is refused', finishing.isReached);
    await register(bob, { platform: 'fcm', token });
    finishing.release();
    expect(await push.fcm.arrived(token)).toMatchObject([{ body: 'Hello' }]);
  });

  it('is of the environment that its new token was registered for', async () => {
    const [former, token] = [apnsToken(), apnsToken()];
    push.apns.refusals.set(former, { status: 400, reason: 'BadDeviceToken' });
    const bob = await push.story.person('bob');
    await register(bob, { platform: 'apns', token: former });
    const finishing = holdFinish();
    await ada.send(await ada.directConversation(bob), 'one');
    await push.apnsSandbox.arrived(former);
    await until('it is known where the former token is from', finishing.isReached);
    await register(bob, { platform: 'apns', token });
    finishing.release();
    expect(await givenBack(bob)).toMatchObject({ address: token, environment: 'production' });
  });
});
