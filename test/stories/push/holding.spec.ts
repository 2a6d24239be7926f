import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Database } from '../../../src/database/database.js';
import { PushPlanningRepository } from '../../../src/push/planning/push-planning.repository.js';
import { FcmProvider } from '../../../src/push/providers/fcm.js';
import { PushQueueRepository } from '../../../src/push/sending/push-queue.repository.js';
import type { Call } from '../../support/push/fake-service.js';
import { FakeWebPush } from '../../support/push/fake-web-push.js';
import {
  apnsToken,
  fcmToken,
  logged,
  logOf,
  type Phone,
  type PushStory,
  startPushStory,
} from '../../support/push/push-story.js';
import { type Person, request, until } from '../../support/story.js';

const MINUTE = 60;
const WORD = 'Strange\0word';

describe('what one device is refused, or one request', () => {
  let push: PushStory;
  let ada: Person;
  beforeEach(async () => {
    push = await startPushStory({ pushRetryMs: MINUTE * 1_000, pushRestMs: 300 });
    ada = await push.story.person('ada');
  });
  afterEach(async () => {
    await push?.close();
    expect(push.faults()).toEqual([]);
  });

  /** In how many seconds each device of a platform is looked at again. */
  const dueInSeconds = async (platform: string): Promise<number[]> => {
    const rows = await push.story.app
      .get(Database)
      .query<{ seconds: number }>(
        'SELECT extract(epoch FROM due_at - now())::float8 AS seconds FROM push_devices WHERE platform = $1',
        [platform],
      );
    return rows.map(({ seconds }) => seconds);
  };

  const browser = async (): Promise<{ bob: Person; endpoint: string; conversationId: string }> => {
    const bob = await push.story.person('bob');
    const { subscription } = push.web.subscribe();
    await bob.must('PUT', '/devices/phone', { platform: 'web', subscription });
    return { bob, endpoint: subscription.endpoint, conversationId: await ada.directConversation(bob) };
  };

  const iPhone = async (): Promise<{ bob: Person; conversationId: string }> => {
    const { person: bob } = await push.owner('bob');
    return { bob, conversationId: await ada.directConversation(bob) };
  };

  const android = async (): Promise<{ bob: Person; token: string; conversationId: string }> => {
    const bob = await push.story.person('bob');
    const token = fcmToken();
    await bob.must('PUT', '/devices/phone', { platform: 'fcm', token });
    return { bob, token, conversationId: await ada.directConversation(bob) };
  };

  it('one request that fails is one failure, however many notifications are in it', async () => {
    const phones = await Promise.all(Array.from({ length: 10 }, () => push.owner('many')));
    push.expo.misbehave = () => ({ status: 503 });
    await ada.group('Many', ...phones.map(({ person }) => person));
    for (const { person } of phones) await logged(person, { outcome: 'waiting', reason: 'status 503' });
    // A user who comes later waits for the provider, and for no longer; and reads why.
    const late = await push.owner('late');
    const { calls } = push.expo;
    const conversationId = await ada.directConversation(late.person);
    await ada.send(conversationId, 'Are you there?');
    const entry = await logged(late.person, { outcome: 'waiting' });
    expect(entry).toMatchObject({ conversationId, seq: 1, reason: 'status 503' });
    expect(push.expo.calls).toBe(calls);
    await until('all are given back', async () => {
      const seconds = await dueInSeconds('expo');
      return seconds.every((one) => one > 0 && one <= MINUTE);
    });
    // Once, also where something else is looked at meanwhile.
    const second = await (await push.story.person('eve')).directConversation(late.person);
    await ada.send(conversationId, 'Hello?');
    await ada.must('POST', '/friends/requests', { userId: late.person.id });
    await logged(late.person, { outcome: 'waiting', conversationId: null });
    expect(second).not.toBe(conversationId);
    expect((await logOf(late.person)).filter((one) => one.conversationId === conversationId)).toHaveLength(1);
    await until('what waits is measured', async () => {
      const { body } = await request(push.story.url, 'GET', '/metrics');
      return /^parley_push_devices_due\{platform="expo"\} 11$/m.test(String(body));
    });
  });

  it.each([
    [429, 'too much for one subscription'],
    [403, 'made with another server’s key'],
  ])('a browser that is refused with %i holds up no other of its push service', async (status) => {
    const refused = await browser();
    const path = new URL(refused.endpoint).pathname;
    push.web.misbehave = (call) => (call.path === path ? { status, headers: { 'retry-after': '1800' } } : undefined);
    await ada.send(refused.conversationId, 'to one that is refused');
    await logged(refused.bob, { outcome: 'waiting', reason: `status ${status}` });
    const other = await browser();
    await ada.send(other.conversationId, 'to another one');
    await push.web.arrived(other.endpoint);
    expect((await logOf(refused.bob)).map(({ outcome }) => outcome)).toEqual(['waiting']);
  });

  it('a push service that refuses one user after the other is left alone, for the longest pause that any refusal asks for', async () => {
    push.web.misbehave = () => ({ status: 429, headers: { 'retry-after': '3600' } });
    for (const retryAfter of ['3600', '120', '3600']) {
      push.web.misbehave = () => ({ status: 429, headers: { 'retry-after': retryAfter } });
      const { bob, conversationId } = await browser();
      await ada.send(conversationId, 'refused');
      await logged(bob, { outcome: 'waiting', reason: 'status 429' });
    }
    const { calls } = push.web;
    const late = await browser();
    await ada.send(late.conversationId, 'not even tried');
    await logged(late.bob, { outcome: 'waiting', reason: 'status 429' });
    expect(push.web.calls).toBe(calls);
    await until('it is given back', async () => {
      const seconds = await dueInSeconds('web');
      return seconds.filter((one) => one > 0 && one <= 2 * MINUTE).length >= 2;
    });
  });

  it('a device that is asked to wait does, whatever comes or is read meanwhile, and its next token does not', async () => {
    const { bob, token, conversationId } = await android();
    const eve = await push.story.person('eve');
    const second = await eve.directConversation(bob);
    await ada.send(conversationId, 'one');
    await logged(bob, { outcome: 'sent', seq: 1 });
    push.fcm.refusals.set(token, { status: 429, code: 'QUOTA_EXCEEDED', retryAfter: '1800' });
    await ada.send(conversationId, 'two');
    await logged(bob, { outcome: 'waiting', reason: 'QUOTA_EXCEEDED' });
    const { calls } = push.fcm;
    await eve.send(second, 'three');
    await eve.must('POST', '/friends/requests', { userId: bob.id });
    const database = push.story.app.get(Database);
    await until('all of it is planned', async () => {
      const [row] = await database.query<{ waiting: number }>(
        `SELECT count(*)::integer AS waiting FROM push_notices n JOIN push_devices d ON d.id = n.device_id
         WHERE d.user_id = $1 AND n.since IS NOT NULL`,
        [bob.id],
      );
      return row?.waiting === 3;
    });
    await push.story.app.get(PushPlanningRepository).refresh([bob.id], [], 0, 0);
    const [seconds] = await dueInSeconds('fcm');
    expect(seconds).toBeGreaterThan(25 * MINUTE);
    expect(push.fcm.calls).toBe(calls);
    const next = fcmToken();
    await bob.must('PUT', '/devices/phone', { platform: 'fcm', token: next });
    const arrived = await push.fcm.arrived(next, 3);
    expect(arrived.map(({ body }) => body)).toEqual(expect.arrayContaining(['two', 'three']));
  });

  it.each(['web', 'expo'] as const)(
    'an operator has to look once %s refuses several users, and for none alone',
    async (platform) => {
      push.web.misbehave = () => ({ status: 403 });
      push.expo.misbehave = () => ({ status: 400 });
      const alarms: (string | undefined)[] = [];
      for (let user = 0; user < 3; user += 1) {
        const { bob, conversationId } = platform === 'web' ? await browser() : await iPhone();
        await ada.send(conversationId, 'refused');
        await logged(bob, { outcome: 'waiting' });
        const { body } = await request(push.story.url, 'GET', '/metrics');
        alarms.push(
          new RegExp(`^parley_push_alarms_total\\{platform="${platform}"\\} (\\d+)$`, 'm').exec(String(body))?.[1],
        );
      }
      expect(alarms).toEqual(['0', '0', '1']);
    },
  );

  it.each<[string, string, (token: string) => void]>([
    ['a ticket', 'failed', (token) => push.expo.refusals.set(token, WORD)],
    ['a receipt', 'failed', (token) => push.expo.receiptRefusals.set(token, WORD)],
    // The second one waits for the provider with the first one.
    ['a request', 'waiting', () => (push.expo.misbehave = () => ({ status: 500, body: { errors: [{ code: WORD }] } }))],
  ])('a word of Expo that the database does not take is noted without what it does not take: of %s', async (...row) => {
    const [, outcome, refuse] = row;
    for (const { person, token } of [await push.owner('bob'), await push.owner('cy')]) {
      refuse(token);
      await ada.send(await ada.directConversation(person), 'Hello');
      await logged(person, { outcome, reason: 'Strange word' });
    }
  });

  it('a phone of Android that is sent too much holds up no other, and a project’s quota all of them', async () => {
    const refused = await android();
    push.fcm.refusals.set(refused.token, { status: 429, code: 'QUOTA_EXCEEDED' });
    await ada.send(refused.conversationId, 'to one that is refused');
    await logged(refused.bob, { outcome: 'waiting', reason: 'QUOTA_EXCEEDED' });
    const other = await android();
    await ada.send(other.conversationId, 'to another one');
    await push.fcm.arrived(other.token);
    push.fcm.refusals.set(other.token, { status: 429, code: 'QUOTA_EXCEEDED', quotaOf: 'project:parley-test' });
    await ada.send(other.conversationId, 'once more');
    await logged(other.bob, { outcome: 'waiting', reason: 'QUOTA_EXCEEDED' });
    const { calls } = push.fcm;
    const late = await android();
    await ada.send(late.conversationId, 'not even tried');
    await logged(late.bob, { outcome: 'waiting', reason: 'QUOTA_EXCEEDED' });
    expect(push.fcm.calls).toBe(calls);
  });
});

describe('what is not answered', () => {
  /** Devices that browsers are sent to at the same time, and that Firebase is. */
  const [MAX_WEB, MAX_FCM] = [64, 32];
  /** What one push service may have of those of browsers, and what another may have then. */
  const [MAX_OF_FIRST, MAX_OF_SECOND] = [48, 12];
  const [silent, mute, quick] = [new FakeWebPush(), new FakeWebPush(), new FakeWebPush()];
  let push: PushStory;
  let ada: Person;
  beforeAll(async () => {
    await Promise.all([silent.start(), mute.start(), quick.start()]);
    // What is not answered is waited for longer than anything here takes.
    push = await startPushStory(
      { pushRequestMs: 110_000, pushLeaseMs: 600_000 },
      { PUSH_WEB_HOSTS: `${silent.url},${mute.url},${quick.url}` },
    );
    ada = await push.story.person('ada');
  });
  afterAll(async () => {
    await Promise.all([silent.stop(), mute.stop(), quick.stop()]);
    await push?.close();
    expect([...push.faults(), ...quick.faults]).toEqual([]);
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** So many more devices of the same user, at addresses that begin like the first one's. */
  const multiply = async ({ id }: Person, count: number): Promise<void> => {
    await push.story.app.get(Database).query(
      `INSERT INTO push_devices (id, user_id, device_id, session_id, platform, address, p256dh, auth, preview)
       SELECT gen_random_uuid(), user_id, 'copy ' || number, session_id, platform, address || number, p256dh, auth, preview
       FROM push_devices, generate_series(1, $2) AS number WHERE user_id = $1`,
      [id, count],
    );
  };

  /** A user with as many phones as Firebase is sent to at the same time. */
  const withPhones = async (): Promise<{ bob: Person; token: string }> => {
    const bob = await push.story.person('bob');
    const token = fcmToken();
    await bob.must('PUT', '/devices/phone', { platform: 'fcm', token });
    await multiply(bob, MAX_FCM - 1);
    return { bob, token };
  };

  /** How many devices of a platform are taken from now on each time, and how many are given back unsent, and at all. */
  const counted = (ofPlatform: string): { taken: number[]; released: number; noted: number } => {
    const queue = push.story.app.get(PushQueueRepository);
    const [take, finish] = [queue.take.bind(queue), queue.finish.bind(queue)];
    const counts = { taken: [] as number[], released: 0, noted: 0 };
    const ids = new Set<string>();
    jest.spyOn(queue, 'take').mockImplementation(async (platform, ...more) => {
      const devices = await take(platform, ...more);
      if (platform === ofPlatform) counts.taken.push(devices.length);
      if (platform === ofPlatform) for (const { id } of devices) ids.add(id);
      return devices;
    });
    jest.spyOn(queue, 'finish').mockImplementation(async (end, ...more) => {
      const ended = end.devices.filter(({ id }) => ids.has(id));
      counts.released += ended.filter(({ againMs }) => againMs !== null).length;
      await finish(end, ...more);
      counts.noted += ended.length;
    });
    return counts;
  };
  /** A user with so many browsers of a push service that says nothing, and a message for all of them. */
  const withSilentBrowsers = async (service: FakeWebPush, count: number): Promise<void> => {
    const bob = await push.story.person('bob');
    await bob.must('PUT', '/devices/browser', { platform: 'web', subscription: service.subscribe().subscription });
    await multiply(bob, count - 1);
    service.misbehave = () => 'slow';
    await ada.send(await ada.directConversation(bob), 'to one that does not answer');
  };

  it('leaves room for other push services, also of several, however many of their browsers have something to be sent', async () => {
    const counts = counted('web');
    await withSilentBrowsers(silent, 2 * MAX_WEB);
    await until('it has all that it may have', () => silent.calls >= MAX_OF_FIRST);
    // What it may not have is left alone: no more is given back than what was taken together with the rest.
    const looks = counts.taken.length + 10;
    await until('it is looked for more again and again', () => counts.taken.length >= looks);
    expect(counts.released).toBeLessThanOrEqual(MAX_WEB - MAX_OF_FIRST);
    await withSilentBrowsers(mute, MAX_WEB);
    await until('the second one has all that it may have', () => mute.calls >= MAX_OF_SECOND);
    const cy = await push.story.person('cy');
    const { subscription } = quick.subscribe();
    await cy.must('PUT', '/devices/browser', { platform: 'web', subscription });
    await ada.send(await ada.directConversation(cy), 'to another one');
    await quick.arrived(subscription.endpoint);
    expect([silent.calls, mute.calls]).toEqual([MAX_OF_FIRST, MAX_OF_SECOND]);
  });

  it('is followed by several at once where the others are answered one by one', async () => {
    const bob = await push.story.person('bob');
    await bob.must('PUT', '/devices/phone', { platform: 'fcm', token: fcmToken() });
    await multiply(bob, 2 * MAX_FCM - 1);
    const held: (() => void)[] = [];
    jest.spyOn(push.story.app.get(FcmProvider), 'send').mockImplementation(async (pushes) => {
      await new Promise<void>((resolve) => held.push(resolve));
      return pushes.map(() => ({ verdict: 'sent', reason: 'taken' }));
    });
    const counts = counted('fcm');
    // Whatever room there is, it has not been there for long.
    jest.spyOn(performance, 'now').mockReturnValue(performance.now());
    await ada.send(await ada.directConversation(bob), 'to many');
    await until('all places are taken', () => held.length === MAX_FCM);
    const quarter = MAX_FCM / 4;
    for (let answered = 1; answered <= quarter; answered += 1) {
      held.shift()?.();
      await until('it is noted', () => counts.noted === answered);
    }
    await until('there are others in their places', () => held.length === MAX_FCM);
    const taken = counts.taken.filter((count) => count > 0);
    jest.restoreAllMocks();
    for (const answer of held) answer();
    expect(taken).toEqual([MAX_FCM, quarter]);
  });

  it('holds up no device of those that were taken with it, nor any that come later', async () => {
    const bob = await push.story.person('bob');
    const token = fcmToken();
    await bob.must('PUT', '/devices/phone', { platform: 'fcm', token });
    // As many as Firebase is sent at the same time.
    await multiply(bob, 31);
    const held: Call[] = [];
    push.fcm.misbehave = (call) => {
      if (!call.body.toString().includes(`"${token}"`)) return undefined;
      held.push(call);
      return 'slow';
    };
    await ada.send(await ada.directConversation(bob), 'to many');
    for (let copy = 1; copy <= 31; copy += 1) await push.fcm.arrived(`${token}${copy}`);
    const cy = await push.story.person('cy');
    const later = fcmToken();
    await cy.must('PUT', '/devices/phone', { platform: 'fcm', token: later });
    await ada.send(await ada.directConversation(cy), 'to one that comes later');
    await push.fcm.arrived(later);
    expect(held).toHaveLength(1);
    push.fcm.release();
    await push.fcm.arrived(token);
  });

  it('is of one device alone where that is why those with it cannot be decided about', async () => {
    const { bob, token } = await withPhones();
    const database = push.story.app.get(Database);
    const [row] = await database.query<{ id: string }>('SELECT id FROM push_devices WHERE address = $1', [token]);
    const queue = push.story.app.get(PushQueueRepository);
    const notices = queue.notices.bind(queue);
    let isAlone = false;
    jest.spyOn(queue, 'notices').mockImplementation(async (ids) => {
      if (!ids.includes(row?.id ?? '')) return notices(ids);
      isAlone ||= ids.length === 1;
      throw new Error('canceling statement due to statement timeout');
    });
    await ada.send(await ada.directConversation(bob), 'to many');
    for (let copy = 1; copy < MAX_FCM; copy += 1) await push.fcm.arrived(`${token}${copy}`);
    await until('it is looked at alone', () => isAlone);
    expect(push.fcm.of(token)).toEqual([]);
    jest.restoreAllMocks();
    await push.fcm.arrived(token);
  });

  it('is looked at in smaller turns, one after the other, where one failed, and in larger ones again', async () => {
    const queue = push.story.app.get(PushQueueRepository);
    const [take, notices] = [queue.take.bind(queue), queue.notices.bind(queue)];
    const { bob, token } = await withPhones();
    const phones = await push.story.app
      .get(Database)
      .query<{ id: string }>('SELECT id FROM push_devices WHERE user_id = $1', [bob.id]);
    const asked: number[] = [];
    let [under, most] = [0, 0];
    jest.spyOn(queue, 'take').mockImplementation(async (platform, count, ...more) => {
      if (platform === 'fcm') asked.push(count);
      return take(platform, count, ...more);
    });
    jest.spyOn(queue, 'notices').mockImplementation(async (ids) => {
      // Browsers of the tests before this one are looked at beside them.
      if (!phones.some(({ id }) => ids.includes(id))) return notices(ids);
      if (!asked.includes(1)) throw new Error('canceling statement due to statement timeout');
      under += 1;
      most = Math.max(most, under);
      const found = await notices(ids);
      under -= 1;
      return found;
    });
    await ada.send(await ada.directConversation(bob), 'to many');
    await push.fcm.arrived(token);
    for (let copy = 1; copy < MAX_FCM; copy += 1) await push.fcm.arrived(`${token}${copy}`);
    await until('as many are asked for as before', () => asked.at(-1) === MAX_FCM);
    expect(asked).toContain(1);
    expect(most).toBe(1);
  });

  it('is kept of a phone for as long as it is shown, and of a browser for two days', async () => {
    const [phone, browser] = [await push.story.person('bob'), await push.story.person('cy')];
    await phone.must('PUT', '/devices/phone', { platform: 'fcm', token: fcmToken() });
    const { subscription } = quick.subscribe();
    await browser.must('PUT', '/devices/phone', { platform: 'web', subscription });
    const ids = [phone.id, browser.id];
    const database = push.story.app.get(Database);
    await database.query(
      `INSERT INTO push_notices (device_id, kind, subject_id, first_seq, shown_seq, changed_at)
       SELECT id, 'message', gen_random_uuid(), 1, 1, now() - interval '49 hours' FROM push_devices
       WHERE user_id = ANY ($1)`,
      [ids],
    );
    await push.story.app.get(PushQueueRepository).deleteOld(100);
    const left = await database.query(
      'SELECT d.platform FROM push_notices n JOIN push_devices d ON d.id = n.device_id WHERE d.user_id = ANY ($1)',
      [ids],
    );
    expect(left).toEqual([{ platform: 'fcm' }]);
  });
});

describe('what waits', () => {
  it('is sent also where it cannot be measured', async () => {
    const measuring = jest
      .spyOn(PushQueueRepository.prototype, 'backlog')
      .mockRejectedValue(new Error('canceling statement due to statement timeout'));
    const push = await startPushStory();
    try {
      const [ada, bob] = [await push.story.person('ada'), await push.owner('bob')];
      await until('it was to be measured', () => measuring.mock.calls.length >= 4);
      await ada.send(await ada.directConversation(bob.person), 'Hello');
      expect(await push.expo.arrived(bob.token)).toMatchObject([{ body: 'Hello' }]);
    } finally {
      measuring.mockRestore();
      await push.close();
    }
  });
});

describe('a platform without keys', () => {
  it.each([
    ['fcm', fcmToken(), { FCM_SERVICE_ACCOUNT: '' }],
    ['apns', apnsToken(), { APNS_KEY: '', APNS_KEY_ID: '', APNS_TEAM_ID: '', APNS_BUNDLE_ID: '' }],
  ])('holds what waits for it, and calls nobody: %s', async (platform, token, environment) => {
    const push = await startPushStory({}, environment);
    try {
      const [ada, bob] = [await push.story.person('ada'), await push.story.person('bob')];
      await bob.must('PUT', '/devices/phone', { platform, token });
      await ada.send(await ada.directConversation(bob), 'Hello');
      expect(await logged(bob, { outcome: 'waiting' })).toMatchObject({
        reason: expect.stringMatching(/ is not set$/),
      });
      const { body } = await request(push.story.url, 'GET', '/metrics');
      expect(String(body).split('\n')).toContain(`parley_push_alarms_total{platform="${platform}"} 0`);
    } finally {
      await push.close();
    }
  });
});

describe('tokens that are said to be none, and are not believed to be', () => {
  it('are kept, and what they were to show is sent again', async () => {
    const push = await startPushStory();
    try {
      const ada = await push.story.person('ada');
      const phones: Phone[] = await Promise.all(Array.from({ length: 15 }, () => push.owner('many')));
      const group = await ada.group('Many', ...phones.map(({ person }) => person));
      for (const { person } of phones) await logged(person, { outcome: 'sent' });
      for (const { token } of phones) push.expo.refusals.set(token, 'DeviceNotRegistered');
      await ada.send(group, 'Is anybody there?');
      // The answers of a first few may be believed.
      const kept: Phone[] = [];
      for (const phone of phones) {
        const { items } = await phone.person.must('GET', '/devices');
        if (items.length === 0) continue;
        await until('it is refused, or gone', async () => {
          const { body, status } = await phone.person.call('GET', '/devices/phone/log');
          return status === 404 || body.items[0].reason === 'DeviceNotRegistered';
        });
        const left = await phone.person.must('GET', '/devices');
        if (left.items.length > 0) kept.push(phone);
      }
      expect(kept.length).toBeGreaterThanOrEqual(5);
      for (const { person } of kept) await logged(person, { outcome: 'waiting', reason: 'DeviceNotRegistered' });
      push.expo.refusals.clear();
      for (const { token } of kept) expect((await push.expo.arrived(token, 2))[1]).toMatchObject({ badge: 1 });
    } finally {
      await push.close();
    }
    expect(push.faults()).toEqual([]);
  });
});
