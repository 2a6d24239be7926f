import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TIMINGS, type Timings } from '../../../src/config/timings.js';
import { Database } from '../../../src/database/database.js';
import { PushSender } from '../../../src/push/sending/push-sender.js';
import { type Anything, type Person, startStory, type Story, until } from '../story.js';
import { FakeApns } from './fake-apns.js';
import { FakeExpo } from './fake-expo.js';
import { FakeFcm } from './fake-fcm.js';
import { FakeWebPush } from './fake-web-push.js';

/** As in production, but sooner. */
export const QUICK: Partial<Timings> = {
  pushIdleDelayMs: 30,
  // Nothing that waits for this is decided by how fast the machine is: `later` ends it.
  pushElsewhereDelayMs: 120_000,
  pushSoundWindowMs: 3_600_000,
  pushClearDelayMs: 30,
  pushPlanPauseMs: 5,
  pushRetryMs: 30,
  pushReceiptMs: 50,
};

export interface PushStory {
  readonly story: Story;
  readonly expo: FakeExpo;
  readonly fcm: FakeFcm;
  readonly apns: FakeApns;
  /** Apple's other environment, with the same key. */
  readonly apnsSandbox: FakeApns;
  readonly web: FakeWebPush;
  /** A new user with a phone, which nobody looks at. */
  owner(name: string, body?: Record<string, unknown>): Promise<Phone>;
  /** What waits for this user, because somebody looks at the app, has waited long enough. */
  later(person: Person): Promise<void>;
  /** Fails where a provider was sent what it must not be. */
  faults(): string[];
  close(): Promise<void>;
}

/** A user and the token of its phone. */
export interface Phone {
  readonly person: Person;
  readonly token: string;
}

export interface LogEntry {
  at: string;
  conversationId: string | null;
  seq: number | null;
  outcome: string;
  reason: string;
}

export const expoToken = (): string => `ExponentPushToken[${randomUUID()}]`;
export const apnsToken = (): string => randomBytes(32).toString('hex');
export const fcmToken = (): string => `${randomUUID()}:APA91b${randomBytes(40).toString('base64url')}`;

/** A server and all four providers. */
export async function startPushStory(
  timings: Partial<Timings> = {},
  environment: Record<string, string> = {},
  overrides: Parameters<typeof startStory>[0] = {},
): Promise<PushStory> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-push-'));
  const apns = new FakeApns();
  const [expo, fcm, web, apnsSandbox] = await Promise.all([
    new FakeExpo().start(),
    new FakeFcm().start(),
    new FakeWebPush().start(),
    new FakeApns(apns.pair).start(),
    apns.start(),
  ]);
  const story = await startStory(
    { rateLimits: false, timings: { ...TIMINGS, ...QUICK, ...timings }, ...overrides },
    {
      DATA_DIR: directory,
      EXPO_PUSH_URL: expo.url,
      FCM_URL: fcm.url,
      FCM_SERVICE_ACCOUNT: fcm.serviceAccount,
      PUSH_WEB_HOSTS: web.url,
      ...apns.environment,
      APNS_SANDBOX_URL: apnsSandbox.url,
      ...environment,
    },
  );
  return {
    story,
    expo,
    fcm,
    apns,
    apnsSandbox,
    web,
    owner: async (name, body = {}) => {
      const person = await story.person(name);
      const token = expoToken();
      await person.must('PUT', '/devices/phone', { platform: 'expo', token, ...body });
      return { person, token };
    },
    later: async (person) => {
      const database = story.app.get(Database);
      // What a turn has in hand at this moment it notes by what was so before.
      await until('nothing is being sent to them', () =>
        database.transaction(async (transaction) => {
          const devices = await transaction.query<{ isLeased: boolean }>(
            `SELECT lease_id IS NOT NULL AS "isLeased" FROM push_devices WHERE user_id = $1 ORDER BY id FOR NO KEY UPDATE`,
            [person.id],
          );
          if (devices.some(({ isLeased }) => isLeased)) return false;
          await transaction.query(
            `WITH waiting AS (
               UPDATE push_notices n SET since = n.since - interval '5 minutes', decide_at = now()
               FROM push_devices d WHERE d.id = n.device_id AND d.user_id = $1 AND n.since IS NOT NULL RETURNING n.device_id
             )
             UPDATE push_devices SET due_at = now() WHERE id IN (SELECT device_id FROM waiting)`,
            [person.id],
          );
          return true;
        }),
      );
      story.app.get(PushSender).wake();
    },
    faults: () => [expo, fcm, apns, apnsSandbox, web].flatMap(({ faults }) => faults),
    close: async () => {
      await story.close();
      await Promise.all([expo, fcm, apns, apnsSandbox, web].map((fake) => fake.stop()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export async function logOf(person: Person, deviceId = 'phone'): Promise<LogEntry[]> {
  return (await person.must('GET', `/devices/${deviceId}/log?limit=100`)).items;
}

/** Waits until something was decided for a device that matches, and answers it. */
export async function logged(person: Person, match: Partial<LogEntry>, deviceId = 'phone'): Promise<LogEntry> {
  let found: LogEntry | undefined;
  await until(`the log of ${deviceId} has ${JSON.stringify(match)}`, async () => {
    found = (await logOf(person, deviceId)).find((entry) =>
      Object.entries(match).every(([name, value]) => entry[name as keyof LogEntry] === value),
    );
    return found !== undefined;
  });
  return found as LogEntry;
}

/** What the number on the icon should be: as a client counts it. */
export async function unreadOf(person: Person): Promise<number> {
  const { items } = await person.must('GET', '/conversations?limit=100');
  const now = Date.now();
  return items.reduce(
    (sum: number, { me }: Anything) =>
      me.mutedUntil !== null && Date.parse(me.mutedUntil) > now ? sum : sum + me.unreadCount,
    0,
  );
}
