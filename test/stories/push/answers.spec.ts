import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Clock } from '../../../src/common/clock.js';
import { Configuration } from '../../../src/config/configuration.js';
import { TIMINGS } from '../../../src/config/timings.js';
import type { SharedAttention } from '../../../src/presence/shared-attention.js';
import { ANSWERS } from '../../../src/push/providers/answers.js';
import { ApnsProvider } from '../../../src/push/providers/apns.js';
import { ExpoProvider } from '../../../src/push/providers/expo.js';
import { FcmProvider } from '../../../src/push/providers/fcm.js';
import type { Push, PushProvider, PushResult, Verdict } from '../../../src/push/providers/push-provider.js';
import { WebProvider } from '../../../src/push/providers/web.js';
import { type LeasedDevice, MAX_NOTICES, type Notice } from '../../../src/push/sending/notice.js';
import { PushLane } from '../../../src/push/sending/push-lane.js';
import type { PushQueueRepository, TurnEnd } from '../../../src/push/sending/push-queue.repository.js';
import { Turn, type TurnRules } from '../../../src/push/sending/turn.js';
import { freePort } from '../../support/servers/free-port.js';
import { FakeApns } from '../../support/push/fake-apns.js';
import { FakeExpo } from '../../support/push/fake-expo.js';
import { FakeFcm } from '../../support/push/fake-fcm.js';
import { FakeWebPush } from '../../support/push/fake-web-push.js';
import { apnsToken, expoToken, fcmToken } from '../../support/push/push-story.js';
import { until } from '../../support/story.js';

const HOUR = 3_600_000;
const ID = '0197a6b2-8f1e-7c3a-9d52-1b6f0c8e4a11';

const device = (changes: Partial<LeasedDevice>): LeasedDevice => ({
  id: ID,
  leaseId: ID,
  userId: ID,
  platform: 'expo',
  address: '',
  p256dh: null,
  auth: null,
  environment: null,
  preview: 'full',
  locale: null,
  badge: null,
  attempts: 0,
  suspicions: 0,
  suspectedAt: null,
  registeredAt: new Date(Date.now() - HOUR),
  isLive: true,
  ...changes,
});

const notice = (): Notice => ({
  deviceId: ID,
  kind: 'message',
  subjectId: ID,
  ageMs: 1_000,
  soundedAgoMs: null,
  coveredSeq: 1,
  conversationId: ID,
  isGroup: false,
  title: null,
  isMember: true,
  isMuted: false,
  isArchived: false,
  isCurrent: true,
  isBlocked: false,
  total: 1,
  unread: 1,
  present: 1,
  allowed: 1,
  unreadShown: 1,
  senders: 1,
  messageId: ID,
  seq: 1,
  messageKind: 'TEXT',
  content: 'Hello',
  actorId: ID,
  actorName: 'Ada',
});

const pushTo = (changes: Partial<LeasedDevice>): Push => ({
  device: device(changes),
  notification: {
    shown: { title: 'Ada', body: 'Hello', sound: true },
    tag: ID,
    data: { kind: 'message', conversationId: ID, messageId: ID, seq: 1, senderId: ID, badge: 1 },
  },
});

describe('what a provider answers', () => {
  const expo = new FakeExpo();
  const fcm = new FakeFcm();
  const web = new FakeWebPush();
  const apns = new FakeApns();
  const sandbox = new FakeApns(apns.pair);
  const fakes = [expo, fcm, web, apns, sandbox];
  let configuration: Configuration;
  let providers: Record<'expo' | 'fcm' | 'apns' | 'web', PushProvider>;

  beforeAll(async () => {
    await Promise.all(fakes.map((fake) => fake.start()));
    configuration = Configuration.fromEnvironment({
      EXPO_PUSH_URL: expo.url,
      FCM_URL: fcm.url,
      FCM_SERVICE_ACCOUNT: fcm.serviceAccount,
      PUSH_WEB_HOSTS: web.url,
      VAPID_PRIVATE_KEY: Buffer.alloc(32, 7).toString('base64url'),
      ...apns.environment,
      APNS_SANDBOX_URL: sandbox.url,
    });
    const clock = new Clock();
    providers = {
      expo: new ExpoProvider(configuration, clock),
      fcm: new FcmProvider(configuration, clock),
      apns: new ApnsProvider(configuration, clock),
      web: new WebProvider(configuration, clock),
    };
  });
  afterAll(async () => {
    for (const provider of Object.values(providers ?? {})) provider.close();
    await Promise.all(fakes.map((fake) => fake.stop()));
    expect(fakes.flatMap(({ faults }) => faults)).toEqual([]);
  });

  const answerOf = async (platform: keyof typeof providers, code: string, retryAfter?: string): Promise<PushResult> => {
    const isStatus = /^\d+$/.test(code);
    const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
    let push: Push;
    if (platform === 'expo') {
      push = pushTo({ platform, address: expoToken() });
      const ofRequest = [
        'UNAUTHORIZED',
        'PUSH_TOO_MANY_EXPERIENCE_IDS',
        'PUSH_TOO_MANY_NOTIFICATIONS',
        'TOO_MANY_REQUESTS',
      ];
      if (isStatus) expo.misbehave = () => ({ status: Number(code), headers });
      else if (ofRequest.includes(code))
        expo.misbehave = () => ({ status: 429, headers, body: { errors: [{ code }] } });
      else expo.refusals.set(push.device.address, code);
    } else if (platform === 'fcm') {
      push = pushTo({ platform, address: fcmToken() });
      if (isStatus)
        fcm.misbehave = ({ path }) => (path === '/token' ? undefined : { status: Number(code), headers, body: {} });
      else
        fcm.refusals.set(push.device.address, {
          status: 418,
          code,
          ...(retryAfter === undefined ? {} : { retryAfter }),
        });
    } else if (platform === 'apns') {
      push = pushTo({ platform, address: apnsToken(), environment: 'production' });
      const status = isStatus ? Number(code) : 418;
      const refusal = {
        status,
        reason: isStatus ? 'of no name' : code,
        ...(retryAfter === undefined ? {} : { retryAfter }),
      };
      for (const fake of [apns, sandbox]) fake.refusals.set(push.device.address, refusal);
    } else {
      const { subscription } = web.subscribe();
      push = pushTo({ platform, address: subscription.endpoint, ...subscription.keys });
      web.misbehave = () => ({ status: Number(code), headers });
    }
    try {
      const [result] = await providers[platform].send([push]);
      return result as PushResult;
    } finally {
      for (const fake of [expo, fcm, web]) fake.release();
    }
  };

  const rows = Object.entries(ANSWERS).flatMap(([platform, answers]) =>
    Object.entries(answers).map(([code, verdict]) => [platform as keyof typeof ANSWERS, code, verdict] as const),
  );
  it.each(rows)('is for %s and %s: %s', async (platform, code, verdict) => {
    expect(await answerOf(platform, code)).toMatchObject({ verdict });
  });

  const unknown: [keyof typeof ANSWERS, string, Verdict][] = [
    ['expo', 'SomethingNew', 'keep'],
    ['expo', '502', 'again'],
    ['fcm', 'SOMETHING_NEW', 'keep'],
    ['fcm', '500', 'again'],
    ['apns', 'SomethingNew', 'keep'],
    ['apns', '500', 'again'],
    ['web', '418', 'keep'],
    ['web', '408', 'again'],
    ['web', '502', 'again'],
  ];
  it.each(unknown)('that nobody knows costs no token: %s, %s', async (platform, code, verdict) => {
    expect(await answerOf(platform, code)).toMatchObject({ verdict });
  });

  it.each(['300', '301', '302', '303', '307', '308'])(
    'is suspected where a push service leads elsewhere: %s',
    async (status) => {
      expect(await answerOf('web', status)).toMatchObject({ verdict: 'suspect' });
    },
  );

  it('is none where nobody listens, and says so in the log of the device', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const away = Configuration.fromEnvironment({
      EXPO_PUSH_URL: url,
      PUSH_WEB_HOSTS: url,
      VAPID_PRIVATE_KEY: Buffer.alloc(32, 7).toString('base64url'),
      ...apns.environment,
      APNS_URL: url,
    });
    const { keys } = web.subscribe().subscription;
    const clock = new Clock();
    const results = [
      ...(await new ExpoProvider(away, clock).send([pushTo({ platform: 'expo', address: expoToken() })])),
      ...(await new ApnsProvider(away, clock).send([
        pushTo({ platform: 'apns', address: apnsToken(), environment: 'production' }),
      ])),
      ...(await new WebProvider(away, clock).send([pushTo({ platform: 'web', address: `${url}/push/1`, ...keys })])),
    ];
    expect(results).toEqual([
      { verdict: 'again', reason: 'Expo is away: ECONNREFUSED' },
      { verdict: 'again', reason: 'Apple is away: ECONNREFUSED' },
      { verdict: 'again', reason: 'the push service is away: ECONNREFUSED' },
    ]);
  });

  const waits: [keyof typeof ANSWERS, string, string | undefined, number | undefined][] = [
    ['expo', '429', '7', 7_000],
    ['expo', '503', undefined, undefined],
    ['fcm', '429', '120', 120_000],
    ['fcm', '429', undefined, 60_000],
    ['fcm', '503', '7', 7_000],
    ['apns', 'TooManyRequests', '7', 7_000],
    ['apns', 'ServiceUnavailable', undefined, undefined],
    ['web', '429', '7', 7_000],
    ['web', '429', '999999', HOUR],
    ['web', '503', 'soon', undefined],
  ];
  it.each(waits)('says when it may be asked again: %s, %s, Retry-After %s', async (platform, code, given, ms) => {
    const { verdict, retryAfterMs } = await answerOf(platform, code, given);
    expect({ verdict, retryAfterMs }).toEqual({ verdict: 'again', retryAfterMs: ms });
  });

  it.each([
    ['fcm', 'QUOTA_EXCEEDED'],
    ['web', '429'],
    ['web', '403'],
    ['web', '401'],
    ['expo', '400'],
  ] as const)('may be of one device alone where others are not refused the same: %s, %s', async (platform, code) => {
    expect(await answerOf(platform, code)).toMatchObject({ mayBeOfDevice: true });
  });

  it('is of all where FCM says that the quota is the project’s', async () => {
    const push = pushTo({ platform: 'fcm', address: fcmToken() });
    const refused = { status: 429, code: 'QUOTA_EXCEEDED', quotaOf: 'project:parley-test' };
    fcm.refusals.set(push.device.address, refused);
    const [result] = await providers.fcm.send([push]);
    expect(result).toEqual({ verdict: 'again', reason: 'QUOTA_EXCEEDED', retryAfterMs: 60_000 });
  });

  it.each<[string, unknown]>([
    ['a ticket that is none', [null]],
    ['one without a reason', [{ status: 'error', message: 'no' }]],
    ['none at all', []],
    ['one of nothing', 'nothing'],
  ])('is asked for again where it is nonsense: %s', async (_, tickets) => {
    expo.misbehave = () => ({ status: 200, body: { data: tickets } });
    const results = await providers.expo.send([pushTo({ platform: 'expo', address: expoToken() })]);
    expo.release();
    expect(results).toMatchObject([{ verdict: 'again', reason: 'an answer that is none' }]);
  });

  it.each([
    ['longer than any', 'x'.repeat(101)],
    ['with NUL', 'a\0b'],
  ])('is not asked about later by a ticket that is none: %s', async (_, id) => {
    expo.misbehave = () => ({ status: 200, body: { data: [{ status: 'ok', id }] } });
    const results = await providers.expo.send([pushTo({ platform: 'expo', address: expoToken() })]);
    expo.release();
    expect(results).toEqual([{ verdict: 'sent', reason: 'taken by Expo' }]);
  });

  it.each(['expo', 'fcm', 'sign-in'] as const)('is read no further than an answer goes: %s', async (which) => {
    const fake = which === 'expo' ? expo : fcm;
    const platform = which === 'expo' ? 'expo' : 'fcm';
    if (which === 'sign-in') fcm.expireTokens();
    fake.endlessBytes = 0;
    fake.misbehave = ({ path }) => ((path === '/token') === (which === 'sign-in') ? 'endless' : undefined);
    const push = pushTo({ platform, address: platform === 'expo' ? expoToken() : fcmToken() });
    const [result] = await providers[platform].send([push]);
    fake.release();
    expect(result?.verdict).toBe({ expo: 'again', fcm: 'sent', 'sign-in': 'again' }[which]);
    expect(fake.endlessBytes).toBeGreaterThan(0);
    expect(fake.endlessBytes).toBeLessThan(64 * 1024 * 1024);
  });

  it('is waited for no longer where a request is sent again in parts', async () => {
    const pushes = Array.from({ length: 4 }, () => pushTo({ platform: 'expo', address: expoToken() }));
    let calls = 0;
    expo.misbehave = () => {
      calls += 1;
      if (calls === 1) return { status: 400 };
      jest.spyOn(performance, 'now').mockReturnValue(performance.now() + configuration.timings.pushRequestMs + 1);
      return { status: 503 };
    };
    const results = await new ExpoProvider(configuration, new Clock()).send(pushes);
    jest.restoreAllMocks();
    // The first half was not answered in time, and the second one was not even tried.
    expect(calls).toBe(2);
    expect(results.map(({ verdict }) => verdict)).toEqual(['again', 'again', 'again', 'again']);
  });

  it('is asked for no more often than Expo allows: 600 notifications in any second, until the server ends', async () => {
    const pushes = Array.from({ length: 100 }, () => pushTo({ platform: 'expo', address: expoToken() }));
    const provider = new ExpoProvider(configuration, new Clock());
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    const began = performance.now();
    const sentAt: number[] = [];
    jest.spyOn(globalThis, 'fetch').mockImplementation(() => {
      sentAt.push(performance.now() - began);
      return Promise.resolve(Response.json({ data: pushes.map((_, index) => ({ status: 'ok', id: `${index}` })) }));
    });
    try {
      const sending = Array.from({ length: 14 }, async () => {
        await provider.ready(pushes.length);
        return provider.send(pushes);
      });
      await jest.advanceTimersByTimeAsync(1_500);
      expect(sentAt).toEqual([...Array<number>(6).fill(0), ...Array<number>(6).fill(1_000)]);
      provider.close();
      const verdicts = (await Promise.all(sending)).map(([result]) => result?.verdict);
      expect(verdicts).toEqual([...Array<Verdict>(12).fill('sent'), 'again', 'again']);
      expect(sentAt).toHaveLength(12);
    } finally {
      jest.useRealTimers();
      jest.restoreAllMocks();
    }
  });

  it('is asked for once more with a new token where Apple refuses the one that there is, and not each time', async () => {
    const push = pushTo({ platform: 'apns', address: apnsToken(), environment: 'production' });
    const provider = new ApnsProvider(configuration, new Clock());
    try {
      expect(await provider.send([push])).toMatchObject([{ verdict: 'sent' }]);
      const before = apns.tokens.size;
      apns.refusedTokens = new Set(apns.tokens);
      expect(await provider.send([push])).toMatchObject([{ verdict: 'sent' }]);
      expect(apns.tokens.size).toBe(before + 1);
      apns.refusedTokens = new Set(apns.tokens);
      expect(await provider.send([push])).toMatchObject([{ verdict: 'alarm', reason: 'InvalidProviderToken' }]);
      expect(apns.tokens.size).toBe(before + 1);
    } finally {
      apns.refusedTokens.clear();
      provider.close();
    }
  });

  it('comes by another connection after nothing was sent to Apple for a while', async () => {
    const push = pushTo({ platform: 'apns', address: apnsToken(), environment: 'production' });
    const provider = new ApnsProvider(configuration, new Clock());
    try {
      expect(await provider.send([push])).toMatchObject([{ verdict: 'sent' }]);
      const [session] = provider['sessions'].values();
      // As after a minute.
      session?.emit('timeout');
      expect(session?.closed).toBe(true);
      expect(await provider.send([push])).toMatchObject([{ verdict: 'sent' }]);
    } finally {
      provider.close();
    }
  });

  it('is not refused for a token of the future where the clock was put back', async () => {
    class MovedClock extends Clock {
      byMs = 1_800_000;
      override now(): number {
        return super.now() + this.byMs;
      }
    }
    const clock = new MovedClock();
    const provider = new ApnsProvider(configuration, clock);
    const push = pushTo({ platform: 'apns', address: apnsToken(), environment: 'production' });
    try {
      await provider.send([push]);
      const before = apns.tokens.size;
      clock.byMs = 0;
      expect(await provider.send([push])).toMatchObject([{ verdict: 'sent' }]);
      expect(apns.tokens.size).toBe(before + 1);
    } finally {
      provider.close();
    }
  });

  it('costs one sign-in at Google, and no notification, where a token ends that many are sent with at the same time', async () => {
    const provider = new FcmProvider(configuration, new Clock());
    const sent = (): Promise<PushResult[]> => provider.send([pushTo({ platform: 'fcm', address: fcmToken() })]);
    await sent();
    const { signIns } = fcm;
    fcm.expireTokens();
    const results = (await Promise.all(Array.from({ length: provider.maxConcurrent }, sent))).flat();
    expect(results.filter(({ verdict }) => verdict !== 'sent')).toEqual([]);
    expect(fcm.signIns).toBe(signIns + 1);
    // Once: what is refused with a new token as well is the server's own fault.
    fcm.misbehave = ({ path }) =>
      path === '/token' ? undefined : { status: 401, body: { error: { status: 'UNAUTHENTICATED' } } };
    try {
      expect(await sent()).toMatchObject([{ verdict: 'alarm', reason: 'UNAUTHENTICATED' }]);
      expect(fcm.signIns).toBe(signIns + 2);
    } finally {
      fcm.release();
    }
  });

  it('may name the time as a date', async () => {
    const { retryAfterMs } = await answerOf('web', '429', new Date(Date.now() + 600_000).toUTCString());
    expect(retryAfterMs).toBeGreaterThan(300_000);
    expect(retryAfterMs).toBeLessThanOrEqual(600_000);
  });

  it.each([
    ['fcm', 'THIRD_PARTY_AUTH_ERROR'],
    ['apns', 'TooManyRequests'],
    ['expo', 'MessageRateExceeded'],
  ] as const)('is of one device alone where it can be: %s, %s', async (platform, code) => {
    expect(await answerOf(platform, code)).toMatchObject({ isOfDevice: true });
  });
});

describe('what an answer does to a device', () => {
  const now = Date.now();
  const rules: TurnRules = {
    now,
    maxAgeMs: 24 * HOUR,
    elsewhereDelayMs: 5_000,
    soundWindowMs: 30_000,
    clearDelayMs: 2_000,
    preview: 'full',
    attentionOf: () => 'none',
    retryMs: (attempts) => 1_000 * 2 ** attempts,
  };
  /** What is written of a device and its notice after one answer. */
  const after = (result: PushResult, of: Partial<LeasedDevice> = {}, isBelieved = true) => {
    const turn = new Turn({ device: device(of), notices: [notice()], stale: [], badge: 1, unmutedInMs: null }, rules);
    const { devices, notices, log } = turn.end([result], isBelieved);
    const [{ isRemoved, suspicions, attempts, againMs, badge } = {}] = devices as Partial<(typeof devices)[number]>[];
    return {
      isRemoved,
      suspicions,
      attempts,
      againMs,
      badge,
      isDecided: notices.length === 1,
      outcome: log[0]?.outcome,
    };
  };
  const untouched = { isRemoved: false, suspicions: 0, attempts: 0, againMs: null, badge: null };

  it.each<[Verdict, object]>([
    ['sent', { ...untouched, badge: 1, isDecided: true, outcome: 'sent' }],
    ['keep', { ...untouched, isDecided: true, outcome: 'failed' }],
    ['remove', { ...untouched, isRemoved: true, attempts: 1, againMs: 1_000, isDecided: false, outcome: 'waiting' }],
    ['suspect', { ...untouched, suspicions: 1, isDecided: true, outcome: 'failed' }],
    ['alarm', { ...untouched, attempts: 1, againMs: 1_000, isDecided: false, outcome: 'waiting' }],
    ['again', { ...untouched, attempts: 1, againMs: 1_000, isDecided: false, outcome: 'waiting' }],
  ])('is for %s what the table of docs/push.md says', (verdict, expected) => {
    expect(after({ verdict, reason: 'of this test' })).toEqual(expected);
  });

  it('is followed by a turn for what was not sent, behind what others wait for', () => {
    const stale = ['one', 'two'].map((subjectId) => ({
      deviceId: ID,
      kind: 'message' as const,
      subjectId,
      conversationId: subjectId,
      actorId: null,
    }));
    const againMs = (count: number): number | null | undefined => {
      const turn = new Turn({ device: device({}), notices: [], stale, badge: 0, unmutedInMs: null }, rules);
      const results = stale.slice(0, count).map(() => ({ verdict: 'sent', reason: 'taken' }) as const);
      return turn.end(results, true).devices[0]?.againMs;
    };
    expect([againMs(1), againMs(2)]).toEqual([0, null]);
  });

  it('is followed by a turn for what may wait besides, where it was about as much as one is', () => {
    const againMs = (count: number): number | null | undefined => {
      const notices = Array.from({ length: count }, notice);
      const turn = new Turn({ device: device({}), notices, stale: [], badge: 1, unmutedInMs: null }, rules);
      const results = notices.map(() => ({ verdict: 'sent', reason: 'taken' }) as const);
      return turn.end(results, true).devices[0]?.againMs;
    };
    expect([againMs(MAX_NOTICES - 1), againMs(MAX_NOTICES)]).toEqual([null, 0]);
  });

  it.each(['message', 'conversation', 'friend_request'] as const)(
    'is kept as what is shown where it can be taken away again, and not of browsers: %s',
    (kind) => {
      const isKept = (platform: LeasedDevice['platform']): boolean[] => {
        const of = { device: device({ platform }), notices: [{ ...notice(), kind }] };
        const turn = new Turn({ ...of, stale: [], badge: 1, unmutedInMs: null }, rules);
        const { notices } = turn.end([{ verdict: 'sent', reason: 'taken' }], true);
        return notices.map(({ shownSeq }) => shownSeq !== null);
      };
      expect([isKept('expo'), isKept('web')]).toEqual([[true], [false]]);
    },
  );

  it('waits twice as long each time, and never less than it was asked to', () => {
    const again = { verdict: 'again', reason: 'not now' } as const;
    expect([0, 1, 2, 5].map((attempts) => after(again, { attempts }).againMs)).toEqual([1_000, 2_000, 4_000, 32_000]);
    expect(after({ ...again, retryAfterMs: 60_000 }, { attempts: 1 }).againMs).toBe(60_000);
    expect(after({ ...again, retryAfterMs: 1 }, { attempts: 3 }).againMs).toBe(8_000);
  });

  it('forgets a token that was suspected five times over a day, and none sooner', () => {
    const suspect = { verdict: 'suspect', reason: 'maybe' } as const;
    const [longAgo, today] = [new Date(now - 25 * HOUR), new Date(now - 23 * HOUR)];
    expect(after(suspect, { suspicions: 4, suspectedAt: longAgo }).isRemoved).toBe(true);
    expect(after(suspect, { suspicions: 3, suspectedAt: longAgo }).isRemoved).toBe(false);
    expect(after(suspect, { suspicions: 90, suspectedAt: today }).isRemoved).toBe(false);
    expect(after(suspect, { suspicions: 4, suspectedAt: longAgo }, false).isRemoved).toBe(false);
    expect(after({ verdict: 'sent', reason: 'taken' }, { suspicions: 4, suspectedAt: longAgo }).suspicions).toBe(0);
  });

  it('takes a token that is said to be none for a suspicion where that is not believed, and sends again', () => {
    expect(after({ verdict: 'remove', reason: 'none' }, {}, false)).toEqual({
      ...untouched,
      suspicions: 1,
      attempts: 1,
      againMs: 1_000,
      isDecided: false,
      outcome: 'waiting',
    });
  });
});

describe('a turn of which a part fails', () => {
  const MAX_CONCURRENT = 8;

  it('has the places of what it sends to until that is answered', async () => {
    const [paused, other] = [device({ address: 'paused' }), device({ id: randomUUID(), address: 'other' })];
    const turns = [[paused], [paused, other]];
    const taken: number[] = [];
    const ended: string[] = [];
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const explain = jest.fn(() => Promise.reject<never[]>(new Error('canceling statement due to statement timeout')));
    const repository: Partial<PushQueueRepository> = {
      backlog: () => Promise.resolve({ due: 0, oldestMs: 0 }),
      take: async (_, count) => {
        taken.push(count);
        // Until it is known of the first one that its host is to be left alone.
        if (taken.length === 2) await until('the first turn has ended', () => ended.length === 1);
        return turns.shift() ?? [];
      },
      nextMs: () => Promise.resolve(null),
      notices: (ids) => Promise.resolve(ids.map((deviceId) => ({ ...notice(), deviceId }))),
      stale: () => Promise.resolve([]),
      badges: () => Promise.resolve(new Map()),
      unexplained: explain,
      finish: ({ devices }: TurnEnd) => {
        ended.push(...devices.map(({ id }) => id));
        return Promise.resolve();
      },
    };
    const provider: PushProvider = {
      platform: 'web',
      maxBatch: 1,
      maxConcurrent: MAX_CONCURRENT,
      isConfigured: true,
      laneOf: ({ address }) => address,
      ready: () => Promise.resolve(),
      send: async ([push]) => {
        if (push?.device === paused) return [{ verdict: 'again', reason: 'not now', retryAfterMs: HOUR }];
        await answered;
        return [{ verdict: 'sent', reason: 'taken' }];
      },
      close: () => undefined,
    };
    const lane = new PushLane(
      provider,
      repository as PushQueueRepository,
      { timings: TIMINGS, push: { preview: 'full' } } as Configuration,
      { of: () => Promise.resolve(new Map()) } as Partial<SharedAttention> as SharedAttention,
      new Clock(),
    );
    lane.start();
    await until('a part of its turn has failed', () => explain.mock.calls.length === 1 && taken.length >= 3);
    const asked = taken.length;
    lane.wake();
    await until('more is asked for', () => taken.length > asked);
    expect(ended).toEqual([paused.id]);
    expect(taken.slice(asked).every((count) => count < MAX_CONCURRENT)).toBe(true);
    answer();
    await until('the other one is noted, and its place is free', () => taken.at(-1) === MAX_CONCURRENT);
    await lane.stop();
    expect(ended).toEqual([paused.id, other.id]);
  });
});
