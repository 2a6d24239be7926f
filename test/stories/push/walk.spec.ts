import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { TIMINGS } from '../../../src/config/timings.js';
import { Database } from '../../../src/database/database.js';
import type { Configuration } from '../../../src/config/configuration.js';
import { EventBus } from '../../../src/events/event-bus.js';
import type { Metrics } from '../../../src/observability/metrics.js';
import type { Attention } from '../../../src/presence/attention.js';
import type { PushSender } from '../../../src/push/sending/push-sender.js';
import { PushPlanner } from '../../../src/push/planning/push-planner.js';
import { type Planned, PushPlanningRepository } from '../../../src/push/planning/push-planning.repository.js';
import { createTestDatabase } from '../../support/databases/postgres.js';
import { logged, startPushStory } from '../../support/push/push-story.js';
import { Person, until } from '../../support/story.js';

const DEVICES = 121;
const MAX_DEVICES_AT_ONCE = 60;
const MAX_WALK_MS = 120_000;

describe('the look at all devices for what an earlier process left unplanned', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(async () => {
    await database?.drop();
  });

  it('holds up no new message where a page is slow or fails, and is tried again in smaller pages', async () => {
    const shared = { databaseUrl: database.url };
    const earlier = await startPushStory({}, {}, shared);
    let [username, token, conversationId, group] = ['', '', '', ''];
    try {
      const ada = await earlier.story.person('ada');
      const bob = await earlier.owner('bob');
      const other = await earlier.owner('many');
      ({ username } = ada);
      ({ token } = bob);
      await earlier.story.app.get(Database).query(
        `INSERT INTO push_devices (id, user_id, device_id, session_id, platform, address, preview)
         SELECT gen_random_uuid(), user_id, 'copy ' || number, session_id, platform, address || number, preview
         FROM push_devices, generate_series(1, $2) AS number WHERE user_id = $1`,
        [other.person.id, DEVICES - 2],
      );
      conversationId = await ada.directConversation(bob.person);
      group = await ada.group('Trip', bob.person);
      await earlier.expo.arrived(token);
      // From here on it is as one that is killed before it plans.
      await earlier.story.app.get(PushPlanner).onApplicationShutdown();
      await ada.send(conversationId, 'Left unplanned');
    } finally {
      await earlier.close();
    }

    const { forgotten } = PushPlanningRepository.prototype;
    const sizes: number[] = [];
    let end = (): void => undefined;
    const slow = new Promise<void>((resolve) => {
      end = resolve;
    });
    const spy = jest.spyOn(PushPlanningRepository.prototype, 'forgotten').mockImplementation(async function (
      this: PushPlanningRepository,
      deviceIds,
    ) {
      sizes.push(deviceIds.length);
      if (sizes.length === 1) await slow;
      if (deviceIds.length > MAX_DEVICES_AT_ONCE) throw new Error('canceling statement due to statement timeout');
      return forgotten.call(this, deviceIds);
    });
    const push = await startPushStory({}, {}, shared).catch((error: unknown) => {
      spy.mockRestore();
      throw error;
    });
    try {
      await until('a page is looked at', () => sizes.length === 1);
      const ada = await Person.login(push.story.url, username);
      await ada.send(group, 'New');
      expect(await push.expo.arrived(token)).toMatchObject([{ data: { conversationId: group } }]);
      expect(sizes).toEqual([DEVICES]);
      end();
      // The walk rests in proportion to what a page took, which was held up here.
      await until(
        'what was left is notified of',
        () => push.expo.of(token).some(({ data }) => data.conversationId === conversationId),
        MAX_WALK_MS,
      );
      await until('all devices were looked at', () => sizes.length === 6, MAX_WALK_MS);
      // Halved until a page is taken, and larger again after it.
      expect(sizes).toEqual([DEVICES, 100, 50, 71, 50, 21]);
    } finally {
      end();
      await push.close();
      spy.mockRestore();
    }
    expect(push.faults()).toEqual([]);
  }, 300_000);

  it('takes away what an earlier process left that is shown and should not be, though there is nothing to count', async () => {
    const shared = { databaseUrl: database.url };
    const earlier = await startPushStory({}, {}, shared);
    let [token, group] = ['', ''];
    try {
      const ada = await earlier.story.person('ada');
      const bob = await earlier.owner('bob');
      ({ token } = bob);
      group = await ada.group('Trip', bob.person);
      expect(await earlier.expo.arrived(token)).toMatchObject([{ badge: 0, data: { kind: 'conversation' } }]);
      await logged(bob.person, { outcome: 'sent', conversationId: group });
      // From here on it is as one that is killed before it plans.
      await earlier.story.app.get(PushPlanner).onApplicationShutdown();
      await bob.person.must('POST', `/conversations/${group}/leave`);
    } finally {
      await earlier.close();
    }
    const push = await startPushStory({}, {}, shared);
    try {
      expect(await push.expo.arrived(token)).toMatchObject([
        { quiet: true, data: { kind: 'clear', conversationId: group } },
      ]);
    } finally {
      await push.close();
    }
    expect(push.faults()).toEqual([]);
  });
});

describe('planning that fails', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('is of less the next time, holds up no other kind, and in the end what it fails for alone', async () => {
    const ids = (name: string): string[] => Array.from({ length: 100 }, (_, index) => `${name} ${index}`);
    const [steps, planned, refreshed] = [[] as number[], new Set<string>(), new Set<string>()];
    const [bad] = ids('conversation') as [string];
    const nothing: Planned = { dueAt: null };
    const repository: Partial<PushPlanningRepository> = {
      planConversations: (conversationIds) => {
        steps.push(conversationIds.length);
        if (conversationIds.includes(bad)) return Promise.reject(new Error('canceling statement due to timeout'));
        for (const id of conversationIds) planned.add(id);
        return Promise.resolve(nothing);
      },
      refresh: (userIds) => {
        for (const id of userIds) refreshed.add(id);
        return Promise.resolve(nothing);
      },
      devicesAfter: () => Promise.resolve([]),
    };
    const events = new EventBus();
    const planner = new PushPlanner(
      repository as PushPlanningRepository,
      { wake: () => undefined } as Partial<PushSender> as PushSender,
      { timings: TIMINGS, isAlone: true } as Configuration,
      { gauge: () => undefined } as Partial<Metrics> as Metrics,
      events,
      { onLoss: () => undefined } as Partial<Attention> as Attention,
    );
    for (const userId of ids('user')) events.publish('receipt.moved', { kind: 'read', userId } as never);
    for (const id of ids('conversation'))
      events.publish('messages.created', { messages: [{ message: { conversationId: id, senderId: id } }] } as never);
    await jest.advanceTimersByTimeAsync(TIMINGS.pushPlanPauseMs);
    expect([steps, planned.size, refreshed.size]).toEqual([[64], 0, 64]);
    const isLeft = (): boolean => planned.size < 99 || steps.at(-1) !== 1;
    for (let second = 0; second < 600 && isLeft(); second += 1) await jest.advanceTimersByTimeAsync(1_000);
    expect(isLeft()).toBe(false);
    await planner.onApplicationShutdown();
    // A quarter after each that failed, and twice as many after each that did not.
    expect(steps.slice(0, 4)).toEqual([64, 16, 32, 8]);
    expect(planned.has(bad)).toBe(false);
  });
});
