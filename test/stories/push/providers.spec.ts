import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { Configuration, ConfigurationError } from '../../../src/config/configuration.js';
import { Database } from '../../../src/database/database.js';
import { ANSWERS } from '../../../src/push/providers/answers.js';
import { PushSender } from '../../../src/push/sending/push-sender.js';
import {
  apnsToken,
  expoToken,
  fcmToken,
  logged,
  logOf,
  type Phone,
  type PushStory,
  startPushStory,
} from '../../support/push/push-story.js';
import { type Anything, type Person, request, until } from '../../support/story.js';

describe('the providers', () => {
  let push: PushStory;
  let ada: Person;
  beforeAll(async () => {
    // None of the answers that come is given up because the machine is slow.
    push = await startPushStory({ pushRequestMs: 40_000 });
    ada = await push.story.person('ada');
  });
  afterEach(() => {
    for (const fake of [push.expo, push.fcm, push.web]) fake.release();
    push.apns.isSilent = push.apnsSandbox.isSilent = false;
  });
  afterAll(async () => {
    await push?.close();
    expect(push.faults()).toEqual([]);
  });

  /** A user with one device of a platform, and what it is sent to by. */
  const owner = async (
    platform: string,
    more: Record<string, unknown> = {},
  ): Promise<{ bob: Person; address: string; conversationId: string }> => {
    const bob = await push.story.person('bob');
    const { subscription } = push.web.subscribe();
    const tokens: Record<string, () => string> = { expo: expoToken, fcm: fcmToken, apns: apnsToken };
    const token = tokens[platform]?.();
    await bob.must(
      'PUT',
      '/devices/phone',
      platform === 'web' ? { platform, subscription } : { platform, token, ...more },
    );
    return { bob, address: token ?? subscription.endpoint, conversationId: await ada.directConversation(bob) };
  };
  const devicesOf = async (person: Person): Promise<number> => (await person.must('GET', '/devices')).items.length;
  /** The time that a device or a whole lane waits after a refusal is over. */
  const sooner = async (person: Person): Promise<void> => {
    await push.story.app
      .get(Database)
      .query('UPDATE push_devices SET due_at = now() WHERE user_id = $1 AND due_at IS NOT NULL AND lease_id IS NULL', [
        person.id,
      ]);
    push.story.app.get(PushSender).wake();
  };
  /** What a call about a device has in it. */
  const nameIn = (address: string): string => (address.startsWith('http') ? new URL(address).pathname : address);
  const fakeOf = (platform: string): Pick<PushStory['expo'], 'arrived' | 'of'> =>
    ({ expo: push.expo, fcm: push.fcm, apns: push.apns, web: push.web })[platform] as never;

  it.each(['expo', 'fcm', 'apns', 'web'])(
    '%s brings what a client reads, with its number and its sound',
    async (platform) => {
      const { address, conversationId } = await owner(platform);
      const { id } = await ada.send(conversationId, 'Grüße 👋');
      const [one] = await fakeOf(platform).arrived(address);
      expect(one).toMatchObject({ title: ada.username, body: 'Grüße 👋', badge: 1, sound: true, quiet: false });
      const data = { kind: 'message', conversationId, messageId: id, seq: 1, senderId: ada.id, badge: 1 };
      const texts = Object.fromEntries(Object.entries(data).map(([name, value]) => [name, String(value)]));
      expect(one?.data).toEqual(platform === 'fcm' ? texts : data);
    },
  );

  it.each(['expo', 'fcm', 'apns', 'web'])(
    '%s takes a message of any length, and never one that is too long',
    async (platform) => {
      const { address, conversationId } = await owner(platform);
      await ada.send(conversationId, '\u{1F9D1}\u200D\u{1F680}'.repeat(2_000));
      const [one] = await fakeOf(platform).arrived(address);
      expect(Array.from(one?.body ?? '').length).toBeGreaterThan(50);
    },
  );

  it.each(['expo', 'fcm', 'apns'])('%s takes a notification away without showing anything', async (platform) => {
    const { bob, address, conversationId } = await owner(platform);
    await ada.send(conversationId, 'one');
    await fakeOf(platform).arrived(address);
    await bob.must('POST', `/conversations/${conversationId}/read`, { seq: 1 });
    const [, cleared] = await fakeOf(platform).arrived(address, 2);
    expect(cleared).toMatchObject({ quiet: true, data: { kind: 'clear', conversationId } });
    expect(Number(cleared?.data.badge)).toBe(0);
  });

  it('browsers are taken nothing away from: a push that shows nothing costs them the permission', async () => {
    const { bob, address, conversationId } = await owner('web');
    await ada.send(conversationId, 'one');
    await push.web.arrived(address);
    await bob.must('POST', `/conversations/${conversationId}/read`, { seq: 1 });
    await ada.send(conversationId, 'two');
    await push.web.arrived(address, 2);
    expect(push.web.of(address).map(({ quiet }) => quiet)).toEqual([false, false]);
    await ada.send(conversationId, 'three');
    await push.web.arrived(address, 3);
    expect(push.web.of(address).map(({ sound }) => sound)).toEqual([true, false, false]);
    // The later one of a topic takes the other's place while the browser is off: a silent one not that of one that rings.
    const [rings, silent, last] = push.web.topics.slice(-3);
    expect([silent === rings, last === silent]).toEqual([false, true]);
  });

  it('a token that is none is forgotten, and called no more', async () => {
    const gone: string[] = [];
    for (const [platform, refuse] of [
      ['expo', (token: string) => push.expo.refusals.set(token, 'DeviceNotRegistered')],
      ['fcm', (token: string) => push.fcm.refusals.set(token, { status: 404, code: 'UNREGISTERED' })],
      [
        'apns',
        (token: string) =>
          push.apns.refusals.set(token, { status: 410, reason: 'Unregistered', timestamp: Date.now() + 60_000 }),
      ],
      ['web', (endpoint: string) => push.web.statuses.set(endpoint, 410)],
    ] as [string, (address: string) => void][]) {
      const { bob, address, conversationId } = await owner(platform);
      gone.push(address);
      refuse(address);
      await ada.send(conversationId, 'Anybody?');
      await until(`the device of ${platform} is gone`, async () => (await devicesOf(bob)) === 0);
    }
    // Only calls about these devices count: Expo is asked for receipts of others meanwhile.
    const again: string[] = [];
    const before = push.apns.calls.length;
    for (const fake of [push.expo, push.fcm, push.web])
      fake.misbehave = ({ path, body }) => {
        const call = `${path} ${body.toString()}`;
        again.push(...gone.filter((address) => call.includes(nameIn(address))));
        return undefined;
      };
    // Somebody else's is sent to, and the dead ones are not.
    for (const { address, conversationId } of [await owner('fcm'), await owner('expo'), await owner('web')]) {
      await ada.send(conversationId, 'Hello');
      const platform = address.startsWith('http') ? 'web' : address.startsWith('Expo') ? 'expo' : 'fcm';
      await fakeOf(platform).arrived(address);
    }
    again.push(...push.apns.calls.slice(before).filter((address) => gone.includes(address)));
    expect(again).toEqual([]);
  });

  it('Expo is asked later what became of it, and what it says then counts as well', async () => {
    const { bob, address, conversationId } = await owner('expo');
    push.expo.receiptRefusals.set(address, 'DeviceNotRegistered');
    await ada.send(conversationId, 'Anybody?');
    await push.expo.arrived(address);
    await until('the device is gone', async () => (await devicesOf(bob)) === 0);
    expect(push.expo.receiptCalls).toBeGreaterThan(0);
  });

  it('an iPhone that registered again after Apple had noted that it is none stays', async () => {
    const { bob, address, conversationId } = await owner('apns');
    push.apns.refusals.set(address, { status: 410, reason: 'Unregistered', timestamp: Date.now() - 3_600_000 });
    await ada.send(conversationId, 'one');
    await logged(bob, { outcome: 'failed' });
    expect(await devicesOf(bob)).toBe(1);
  });

  it.each(['production', 'sandbox'])(
    'an iPhone whose token is not of %s is found in the other environment, and stays there',
    async (environment) => {
      const [registered, other] =
        environment === 'production' ? [push.apns, push.apnsSandbox] : [push.apnsSandbox, push.apns];
      const { address, conversationId } = await owner('apns', { environment });
      registered.refusals.set(address, { status: 400, reason: 'BadDeviceToken' });
      await ada.send(conversationId, 'one');
      await other.arrived(address);
      await ada.send(conversationId, 'two');
      await other.arrived(address, 2);
      expect(registered.calls.filter((call) => call === address)).toHaveLength(1);
    },
  );

  it('an iPhone that neither environment knows is forgotten after one try at each', async () => {
    const { bob, address, conversationId } = await owner('apns');
    for (const apns of [push.apns, push.apnsSandbox])
      apns.refusals.set(address, { status: 400, reason: 'BadDeviceToken' });
    await ada.send(conversationId, 'one');
    await until('the device is gone', async () => (await devicesOf(bob)) === 0);
    for (const apns of [push.apns, push.apnsSandbox])
      expect(apns.calls.filter((call) => call === address)).toHaveLength(1);
  });

  it('a token that is none of Apple’s holds up nobody where the key is not good for the other environment', async () => {
    const wrong = await owner('apns');
    push.apns.refusals.set(wrong.address, { status: 400, reason: 'BadDeviceToken' });
    push.apnsSandbox.refusals.set(wrong.address, { status: 403, reason: 'InvalidProviderToken' });
    await ada.send(wrong.conversationId, 'to nobody');
    await until('both were tried', () => push.apnsSandbox.calls.includes(wrong.address));
    push.apnsSandbox.isSilent = true;
    const { timings } = push.story.app.get(Configuration);
    timings.pushRequestMs = 2_000;
    const unknown = await owner('apns');
    push.apns.refusals.set(unknown.address, { status: 400, reason: 'BadDeviceToken' });
    await ada.send(unknown.conversationId, 'not known yet');
    const { address, conversationId } = await owner('apns');
    await ada.send(conversationId, 'to somebody');
    await push.apns.arrived(address);
    await logged(unknown.bob, { outcome: 'waiting' });
    timings.pushRequestMs = 40_000;
    expect(await devicesOf(unknown.bob)).toBe(1);
  });

  it('tokens of another app’s project, or that Expo does not take at all, hold up no others of the same request', async () => {
    const phones = await Promise.all(Array.from({ length: 9 }, () => push.owner('many')));
    const [stranger, malformed, ...others] = phones.map(({ token }) => token) as [string, string, ...string[]];
    push.expo.projects.set(stranger, '@eve/other');
    push.expo.malformed.add(malformed);
    const group = await ada.group('Mixed', ...phones.map(({ person }) => person));
    await ada.send(group, 'To all of you');
    for (const token of [...others, stranger]) await push.expo.arrived(token);
    const { person } = phones[1] as Phone;
    expect(await logged(person, { outcome: 'waiting' })).toMatchObject({ reason: 'VALIDATION_ERROR' });
    expect(push.expo.of(malformed)).toEqual([]);
    push.expo.malformed.clear();
    await sooner(person);
    await push.expo.arrived(malformed);
  });

  it('a token of Apple that has ended is renewed, and nothing is lost by it', async () => {
    const { address, conversationId } = await owner('apns');
    await ada.send(conversationId, 'one');
    await push.apns.arrived(address);
    const tokens = new Set(push.apns.tokens);
    push.apns.expiredTokens = true;
    push.apns.cut();
    await ada.send(conversationId, 'two');
    await push.apns.arrived(address, 2);
    push.apns.expiredTokens = false;
    expect([...push.apns.tokens].filter((token) => !tokens.has(token)).length).toBeGreaterThan(0);
  });

  it('a sign-in at Google that has ended is renewed, and kept until then', async () => {
    const { address, conversationId } = await owner('fcm');
    await ada.send(conversationId, 'one');
    await push.fcm.arrived(address);
    const { signIns } = push.fcm;
    await ada.send(conversationId, 'two');
    await push.fcm.arrived(address, 2);
    expect(push.fcm.signIns).toBe(signIns);
    push.fcm.expireTokens();
    await ada.send(conversationId, 'three');
    await push.fcm.arrived(address, 3);
    expect(push.fcm.signIns).toBe(signIns + 1);
  });

  it.each<[string, (address: string) => void, () => void]>([
    [
      'fcm',
      (token) => push.fcm.refusals.set(token, { status: 401, code: 'THIRD_PARTY_AUTH_ERROR' }),
      () => push.fcm.refusals.clear(),
    ],
    [
      'apns',
      (token) => push.apns.refusals.set(token, { status: 403, reason: 'InvalidProviderToken' }),
      () => push.apns.refusals.clear(),
    ],
    [
      'expo',
      () => (push.expo.misbehave = () => ({ status: 401, body: { errors: [{ code: 'UNAUTHORIZED' }] } })),
      () => push.expo.release(),
    ],
  ])('a key of the server that %s refuses costs no token and no message', async (platform, refuse, allow) => {
    const { bob, address, conversationId } = await owner(platform);
    refuse(address);
    await ada.send(conversationId, 'Wait for me');
    await logged(bob, { outcome: 'waiting' });
    expect(await devicesOf(bob)).toBe(1);
    const { body } = await request(push.story.url, 'GET', '/metrics');
    expect(String(body)).toMatch(new RegExp(`parley_push_alarms_total\\{platform="${platform}"\\} [1-9]`));
    allow();
    await sooner(bob);
    expect((await fakeOf(platform).arrived(address))[0]).toMatchObject({ body: 'Wait for me' });
  });

  it('a browser’s key that is not the server’s costs neither its token nor a message', async () => {
    const { bob, address, conversationId } = await owner('web');
    push.web.statuses.set(address, 403);
    await ada.send(conversationId, 'Wait for me');
    await logged(bob, { outcome: 'waiting' });
    expect(await devicesOf(bob)).toBe(1);
    push.web.statuses.clear();
    await sooner(bob);
    expect((await fakeOf('web').arrived(address))[0]).toMatchObject({ body: 'Wait for me' });
  });

  it.each(['expo', 'fcm', 'web'])(
    '%s that ends connections, fails or asks for time is asked again',
    async (platform) => {
      const { bob, address, conversationId } = await owner(platform);
      const fake = fakeOf(platform) as PushStory['expo'];
      const misbehaviours = ['cut', { status: 500 }, { status: 503, headers: { 'retry-after': '0' } }] as const;
      let calls = 0;
      const name = nameIn(address);
      // Only calls for this device count: others may have something on its way.
      fake.misbehave = ({ path, body }) =>
        path !== '/token' && `${path} ${body.toString()}`.includes(name) ? misbehaviours[calls++] : undefined;
      await ada.send(conversationId, 'In the end');
      expect((await fake.arrived(address))[0]).toMatchObject({ body: 'In the end' });
      expect(calls).toBeGreaterThanOrEqual(4);
      expect((await logOf(bob)).filter(({ outcome }) => outcome === 'waiting')).toHaveLength(3);
    },
  );

  it('one that does not answer holds up no other', async () => {
    const slow = await owner('expo');
    push.expo.misbehave = () => 'slow';
    await ada.send(slow.conversationId, 'slow');
    for (const platform of ['fcm', 'apns', 'web']) {
      const { address, conversationId } = await owner(platform);
      await ada.send(conversationId, 'quick');
      await fakeOf(platform).arrived(address);
    }
    expect(push.expo.of(slow.address)).toEqual([]);
    push.expo.release();
    await push.expo.arrived(slow.address);
  });

  it('a push service that leads elsewhere is not followed', async () => {
    const { bob, address, conversationId } = await owner('web');
    push.web.statuses.set(address, 307);
    const paths: string[] = [];
    push.web.misbehave = ({ path }) => {
      if (path === nameIn(address) || path === '/elsewhere') paths.push(path);
      return undefined;
    };
    await ada.send(conversationId, 'elsewhere');
    expect(await logged(bob, { outcome: 'failed' })).toMatchObject({ reason: 'status 307' });
    expect(paths).toEqual([nameIn(address)]);
    expect(await devicesOf(bob)).toBe(1);
  });

  it('go to Expo together, at most a hundred at a time', async () => {
    const phones = await Promise.all(Array.from({ length: 12 }, () => push.owner('many')));
    const group = await ada.group('Many', ...phones.map(({ person }) => person));
    await ada.send(group, 'Together');
    for (const { token } of phones) await push.expo.arrived(token, 1);
    expect(Math.max(...push.expo.batches)).toBeGreaterThan(1);
    expect(Math.max(...push.expo.batches)).toBeLessThanOrEqual(100);
  });
});

describe('a provider that lost its mind', () => {
  it('makes the server forget no tokens: more than a fifth at once is not believed', async () => {
    const push = await startPushStory();
    try {
      const ada = await push.story.person('ada');
      const phones = await Promise.all(Array.from({ length: 15 }, () => push.owner('many')));
      const group = await ada.group('Many', ...phones.map(({ person }) => person));
      for (const { person } of phones) await logged(person, { outcome: 'sent' });
      for (const { token } of phones.slice(0, 8)) push.expo.refusals.set(token, 'DeviceNotRegistered');
      await ada.send(group, 'Hello');
      for (const { person } of phones.slice(0, 8))
        await until('it is refused, or gone', async () => {
          const { status, body } = await person.call('GET', '/devices/phone/log');
          return status === 404 || body.items.some(({ reason }: Anything) => reason === 'DeviceNotRegistered');
        });
      const left = await Promise.all(
        phones.map(async ({ person }) => (await person.must('GET', '/devices')).items.length),
      );
      // Those of a first small batch may be believed; a fifth is the end of it.
      expect(left.filter((count) => count === 1).length).toBeGreaterThanOrEqual(10);
      const { body } = await request(push.story.url, 'GET', '/metrics');
      expect(String(body)).toMatch(/parley_push_alarms_total\{platform="expo"\} [1-9]/);
    } finally {
      await push.close();
    }
    expect(push.faults()).toEqual([]);
  });
});

describe('a provider that asks for time', () => {
  it('is left alone for so long, and the metrics say that somebody waits', async () => {
    const push = await startPushStory({ pushRestMs: 300 });
    try {
      const ada = await push.story.person('ada');
      const { person, token } = await push.owner('bob');
      push.expo.misbehave = () => ({ status: 503, headers: { 'retry-after': '1800' } });
      await ada.send(await ada.directConversation(person), 'Wait for me');
      await logged(person, { outcome: 'waiting' });
      const [row] = await push.story.app
        .get(Database)
        .query<{ seconds: number }>(
          'SELECT extract(epoch FROM due_at - now())::float8 AS seconds FROM push_devices WHERE address = $1',
          [token],
        );
      expect(row?.seconds).toBeGreaterThan(1_000);
      expect(row?.seconds).toBeLessThanOrEqual(1_800);
      await until('it is measured', async () => {
        const { body } = await request(push.story.url, 'GET', '/metrics');
        const valueOf = (name: string): number =>
          Number(new RegExp(`^${name}\\{platform="expo"\\} (\\S+)$`, 'm').exec(String(body))?.[1]);
        return valueOf('parley_push_devices_due') === 1 && valueOf('parley_push_oldest_due_seconds') > 0;
      });
      expect(push.expo.calls).toBe(1);
    } finally {
      await push.close();
    }
    expect(push.faults()).toEqual([]);
  });
});

describe('the table of answers', () => {
  it('removes a token for nothing but what says so', () => {
    const removing = Object.entries(ANSWERS).map(([platform, answers]) => [
      platform,
      Object.entries(answers).flatMap(([code, verdict]) => (verdict === 'remove' ? [code] : [])),
    ]);
    expect(Object.fromEntries(removing)).toEqual({
      expo: ['DeviceNotRegistered'],
      fcm: ['UNREGISTERED'],
      apns: ['410', 'Unregistered', 'ExpiredToken', 'BadDeviceToken'],
      web: ['404', '410'],
    });
  });
});

const APNS = { APNS_KEY_ID: 'ABC123DEFG', APNS_TEAM_ID: 'DEF123GHIJ', APNS_BUNDLE_ID: 'com.example.chat' };

function keyOfCurve(namedCurve: string): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

const { privateKey: ACCOUNT_KEY } = generateKeyPairSync('rsa', { modulusLength: 2_048 });

function serviceAccount(changes: Record<string, string>): Record<string, string> {
  const account = {
    type: 'service_account',
    project_id: 'parley-test',
    client_email: 'push@parley-test.iam.gserviceaccount.com',
    private_key: ACCOUNT_KEY.export({ type: 'pkcs8', format: 'pem' }),
    token_uri: 'https://oauth2.googleapis.com/token',
    ...changes,
  };
  return { FCM_SERVICE_ACCOUNT: JSON.stringify(account) };
}

describe('settings of push', () => {
  it('are taken as they should be, push services in whatever spelling', () => {
    const { push } = Configuration.fromEnvironment({
      ...serviceAccount({}),
      ...APNS,
      APNS_KEY: keyOfCurve('P-256'),
      EXPO_ACCESS_TOKEN: 'abc_DEF-123',
      PUSH_WEB_HOSTS: 'FCM.googleapis.com, *.Push.Apple.com, http://127.0.0.1:8080, https://push.example:8443/',
    });
    expect(push.fcm?.projectId).toBe('parley-test');
    expect(push.apns?.keyId).toBe('ABC123DEFG');
    expect(push.web.hosts).toEqual([
      'fcm.googleapis.com',
      '*.push.apple.com',
      'http://127.0.0.1:8080',
      'https://push.example:8443',
    ]);
  });
});

describe('a key that is none', () => {
  it.each<[string, Record<string, string>]>([
    ['FCM_SERVICE_ACCOUNT', { FCM_SERVICE_ACCOUNT: '{"project_id":"secret"}' }],
    ['FCM_SERVICE_ACCOUNT', { FCM_SERVICE_ACCOUNT: '/nowhere/firebase.json' }],
    ['APNS_KEY', { APNS_KEY: 'secret', APNS_KEY_ID: 'A', APNS_TEAM_ID: 'B', APNS_BUNDLE_ID: 'c' }],
    ['APNS_KEY', { APNS_KEY_ID: 'A' }],
    ['VAPID_PRIVATE_KEY', { VAPID_PRIVATE_KEY: 'secret' }],
    ['VAPID_SUBJECT', { VAPID_SUBJECT: 'me' }],
    ...['push.example.com/path', '*', '*.com', 'one.example two.example', ' , ', 'https://push.example/x', 'a:443'].map(
      (hosts): [string, Record<string, string>] => ['PUSH_WEB_HOSTS', { PUSH_WEB_HOSTS: hosts }],
    ),
    ['EXPO_ACCESS_TOKEN', { EXPO_ACCESS_TOKEN: 'secret\nsecret' }],
    ['APNS_KEY', { APNS_KEY: keyOfCurve('secp384r1'), ...APNS }],
    ['APNS_KEY_ID', { APNS_KEY: keyOfCurve('P-256'), ...APNS, APNS_KEY_ID: 'ABC 123' }],
    ['APNS_TEAM_ID', { APNS_KEY: keyOfCurve('P-256'), ...APNS, APNS_TEAM_ID: '"DEF"' }],
    ['APNS_BUNDLE_ID', { APNS_KEY: keyOfCurve('P-256'), ...APNS, APNS_BUNDLE_ID: 'com.example chat' }],
    ['FCM_SERVICE_ACCOUNT', serviceAccount({ project_id: '' })],
    ['FCM_SERVICE_ACCOUNT', serviceAccount({ project_id: 'a/b' })],
    ['FCM_SERVICE_ACCOUNT', serviceAccount({ type: 'authorized_user' })],
    ['FCM_SERVICE_ACCOUNT', serviceAccount({ token_uri: 'http://oauth2.example.com/token' })],
  ])('stops the start with one line that names it: %s', (name, environment) => {
    const read = (): Anything => Configuration.fromEnvironment(environment);
    expect(read).toThrow(ConfigurationError);
    expect(read).toThrow(new RegExp(`^${name}(?!.*secret)[^\\n]*$`));
  });
});
