import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerActs } from '../../../src/moderation/operator/server-acts.js';
import { browserSubscription } from '../../support/push/web-subscription.js';
import { type Anything, Person, request, startStory, type Story, until } from '../../support/story.js';

const A_TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe('devices', () => {
  let story: Story;
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'parley-devices-'));
    story = await startStory({ rateLimits: false }, { DATA_DIR: directory });
  });
  afterAll(async () => {
    await story?.close();
    await rm(directory, { recursive: true, force: true });
  });

  const expo = (): string => `ExponentPushToken[${randomUUID()}]`;
  const idsOf = async (person: Person): Promise<string[]> =>
    (await person.must('GET', '/devices')).items.map(({ id }: Anything) => id);

  it('are registered, listed and removed, each named by its client', async () => {
    const ada = await story.person('ada');
    const registered = await ada.must('PUT', '/devices/phone-1', { platform: 'expo', token: expo(), preview: 'none' });
    expect(registered).toEqual({
      id: 'phone-1',
      platform: 'expo',
      preview: 'none',
      createdAt: A_TIME,
      lastUsedAt: A_TIME,
    });
    expect((await ada.must('GET', '/devices')).items).toEqual([registered]);
    expect(await ada.must('GET', '/devices/phone-1/log')).toEqual({ items: [], nextCursor: null });
    expect((await ada.call('DELETE', '/devices/phone-1')).status).toBe(204);
    expect((await ada.call('DELETE', '/devices/phone-1')).body.code).toBe('NOT_FOUND');
    expect(await idsOf(ada)).toEqual([]);
  });

  it('are listed no more once their session has ended, also where no event said so', async () => {
    const ada = await story.person('ada');
    await ada.must('PUT', '/devices/lost', { platform: 'expo', token: expo() });
    await story.app.get(ServerActs).endSessions();
    const again = await Person.login(story.url, ada.username);
    await again.must('PUT', '/devices/found', { platform: 'expo', token: expo() });
    expect(await idsOf(again)).toEqual(['found']);
  });

  it('stay one device however often they register, with a new token and with what they chose before', async () => {
    const ada = await story.person('ada');
    const first = await ada.must('PUT', '/devices/phone', { platform: 'expo', token: expo(), preview: 'sender' });
    const again = await ada.must('PUT', '/devices/phone', { platform: 'expo', token: expo() });
    expect(again).toMatchObject({ id: 'phone', preview: 'sender', createdAt: first.createdAt });
    expect(await idsOf(ada)).toEqual(['phone']);
  });

  it('are nobody else’s: two users may call theirs the same, and neither sees the other’s', async () => {
    const [ada, bob] = [await story.person('ada'), await story.person('bob')];
    for (const person of [ada, bob]) await person.must('PUT', '/devices/phone', { platform: 'expo', token: expo() });
    await ada.must('DELETE', '/devices/phone');
    expect(await idsOf(bob)).toEqual(['phone']);
    expect((await ada.call('GET', '/devices/phone/log')).body.code).toBe('NOT_FOUND');
  });

  it('take a token from whom had it: it is of one user at any moment', async () => {
    const [ada, bob] = [await story.person('ada'), await story.person('bob')];
    const token = expo();
    await ada.must('PUT', '/devices/phone', { platform: 'expo', token });
    await bob.must('PUT', '/devices/phone', { platform: 'expo', token });
    expect([await idsOf(ada), await idsOf(bob)]).toEqual([[], ['phone']]);
    // Many at once: one of them has it, and nobody is answered an error.
    const people = await Promise.all(Array.from({ length: 8 }, () => story.person('many')));
    const registrations = Array.from({ length: 6 }, () => people).flat();
    const statuses = new Set<number>();
    for (let round = 0; round < 10; round += 1) {
      const body = { platform: 'expo', token: round === 9 ? token : expo() };
      const answers = await Promise.all(registrations.map((person) => person.call('PUT', '/devices/phone', body)));
      for (const { status } of answers) statuses.add(status);
    }
    expect([...statuses]).toEqual([200]);
    const owners = await Promise.all([ada, bob, ...people].map(idsOf));
    expect(owners.flat()).toEqual(['phone']);
  });

  it('move within one user, too: a token is of the device that registered it last', async () => {
    const ada = await story.person('ada');
    const token = expo();
    await ada.must('PUT', '/devices/old', { platform: 'expo', token });
    await ada.must('PUT', '/devices/new', { platform: 'expo', token });
    expect(await idsOf(ada)).toEqual(['new']);
  });

  it('are at most 25 of a user: the one registered longest ago goes', async () => {
    const ada = await story.person('ada');
    for (let index = 0; index < 25; index += 1)
      await ada.must('PUT', `/devices/d${index}`, { platform: 'expo', token: expo() });
    await ada.must('PUT', '/devices/d0', { platform: 'expo', token: expo() });
    await ada.must('PUT', '/devices/d25', { platform: 'expo', token: expo() });
    const ids = await idsOf(ada);
    expect(ids).toHaveLength(25);
    expect([ids.includes('d0'), ids.includes('d1'), ids.includes('d25')]).toEqual([true, false, true]);
    const page = await ada.must('GET', '/devices?limit=20');
    const rest = await ada.must('GET', `/devices?limit=20&cursor=${page.nextCursor}`);
    expect([...page.items, ...rest.items].map(({ id }: Anything) => id)).toEqual(ids);
  });

  it('end with the session that registered them, and with no other', async () => {
    const ada = await story.person('ada');
    const phone = await Person.login(story.url, ada.username);
    await ada.must('PUT', '/devices/laptop', { platform: 'expo', token: expo() });
    await phone.must('PUT', '/devices/phone', { platform: 'expo', token: expo() });
    expect((await idsOf(ada)).sort()).toEqual(['laptop', 'phone']);
    await phone.must('POST', '/auth/logout');
    await until('the device is gone', async () => (await idsOf(ada)).length === 1);
    expect(await idsOf(ada)).toEqual(['laptop']);
  });

  it('are in the export of an account, and go with it', async () => {
    const ada = await story.person('ada');
    const token = expo();
    await ada.must('PUT', '/devices/phone', { platform: 'expo', token, locale: 'de-AT' });
    const { devices } = await ada.must('GET', '/users/me/export');
    expect(devices).toEqual([expect.objectContaining({ deviceId: 'phone', address: token, locale: 'de-AT' })]);
    await ada.must('DELETE', '/users/me', { password: 'correct horse' });
    const bob = await story.person('bob');
    await bob.must('PUT', '/devices/phone', { platform: 'expo', token });
    expect(await idsOf(bob)).toEqual(['phone']);
  });

  it.each<[string, string, Record<string, unknown>]>([
    ['platform', 'no platform', {}],
    ['platform', 'an unknown one', { platform: 'pager', token: 'x' }],
    ['token', 'no token', { platform: 'expo' }],
    ['token', 'a token of something else', { platform: 'expo', token: 'https://example.com' }],
    ['token', 'a token with a path in it', { platform: 'apns', token: `${'a'.repeat(64)}/../x` }],
    ['token', 'a token with a line break', { platform: 'fcm', token: 'a\r\nb' }],
    [
      'token',
      'a token beside a subscription',
      { platform: 'web', token: 'x', ...browser('https://web.push.apple.com/x') },
    ],
    ['subscription', 'no subscription', { platform: 'web' }],
    ['subscription', 'a subscription of a phone', { platform: 'expo', ...browser('https://web.push.apple.com/x') }],
    ['preview', 'an unknown preview', { platform: 'expo', token: 'ExponentPushToken[x]', preview: 'all' }],
    ['locale', 'a locale that is none', { platform: 'expo', token: 'ExponentPushToken[x]', locale: '../etc' }],
    ['environment', 'an unknown environment', { platform: 'apns', token: 'a'.repeat(64), environment: 'moon' }],
    ['color', 'something else', { platform: 'expo', token: 'ExponentPushToken[x]', color: 'red' }],
  ])('refuse at %s: %s', async (field, _, body) => {
    const ada = await story.person('ada');
    const answer = await ada.call('PUT', '/devices/phone', body);
    expect([answer.status, answer.body.code, Object.keys(answer.body.errors)]).toEqual([
      400,
      'VALIDATION_FAILED',
      [field],
    ]);
  });

  it.each([
    'http://fcm.googleapis.com/fcm/send/x',
    'https://fcm.googleapis.com:8443/fcm/send/x',
    'https://example.com/push',
    'https://fcm.googleapis.com.example.com/x',
    'https://user:secret@fcm.googleapis.com/x',
    'https://127.0.0.1/x',
    'https://[::1]/x',
    'https://169.254.169.254/latest/meta-data',
    'https://localhost/x',
    'https://push.apple.com/x',
    'file:///etc/passwd',
    'javascript:alert(1)',
    `https://fcm.googleapis.com/${'x'.repeat(2_000)}`,
  ])('send nothing to where no push service of browsers is: %s', async (endpoint) => {
    const ada = await story.person('ada');
    const answer = await ada.call('PUT', '/devices/browser', { platform: 'web', ...browser(endpoint) });
    expect([answer.status, Object.keys(answer.body.errors)]).toEqual([400, ['subscription.endpoint']]);
  });

  it('refuse keys of a browser that are none', async () => {
    const ada = await story.person('ada');
    const { subscription } = browserSubscription('https://web.push.apple.com/x');
    const off = Buffer.from(subscription.keys.p256dh, 'base64url');
    off[64] = (off[64] ?? 0) ^ 1;
    for (const keys of [
      { ...subscription.keys, p256dh: off.toString('base64url') },
      { ...subscription.keys, p256dh: 'AAAA' },
      { ...subscription.keys, auth: 'AAAA' },
    ]) {
      const answer = await ada.call('PUT', '/devices/browser', {
        platform: 'web',
        subscription: { ...subscription, keys },
      });
      expect(answer.body.code).toBe('VALIDATION_FAILED');
    }
    expect((await ada.call('PUT', '/devices/browser', { platform: 'web', subscription })).status).toBe(200);
    const again = { ...subscription, expirationTime: null };
    expect((await ada.call('PUT', '/devices/browser', { platform: 'web', subscription: again })).status).toBe(200);
  });

  it('need a name that can stand in an address', async () => {
    const ada = await story.person('ada');
    for (const id of ['x'.repeat(65), 'a%20b', '%00', 'ä'])
      expect((await ada.call('PUT', `/devices/${id}`, { platform: 'expo', token: expo() })).body.code).toBe(
        'VALIDATION_FAILED',
      );
  });

  it('subscribe with a key that is made once and kept', async () => {
    const { body } = await request(story.url, 'GET', '/push/web-key');
    expect(Buffer.from(body.publicKey, 'base64url')).toHaveLength(65);
    const kept = await readFile(join(directory, 'vapid-private-key'), 'utf8');
    const other = await startStory({ databaseUrl: story.databaseUrl }, { DATA_DIR: directory });
    try {
      expect((await request(other.url, 'GET', '/push/web-key')).body).toEqual(body);
    } finally {
      await other.close();
    }
    expect(await readFile(join(directory, 'vapid-private-key'), 'utf8')).toBe(kept);
  });

  it('are not there where push is off', async () => {
    const off = await startStory({ databaseUrl: story.databaseUrl }, { DATA_DIR: directory, PUSH: 'off' });
    try {
      const ada = await off.person('ada');
      expect((await ada.call('GET', '/devices')).body.code).toBe('NOT_FOUND');
      expect((await ada.call('GET', '/users/me/export')).status).toBe(200);
    } finally {
      await off.close();
    }
  });
});

function browser(endpoint: string): { subscription: Anything } {
  return { subscription: browserSubscription(endpoint).subscription };
}
