import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Clock } from '../../../src/common/clock.js';
import { Database } from '../../../src/database/database.js';
import { ExpoReceipts } from '../../../src/push/sending/expo-receipts.js';
import { PushQueueRepository } from '../../../src/push/sending/push-queue.repository.js';
import { holdCalls } from '../../support/clients/held-calls.js';
import { logged, logOf, type Phone, type PushStory, startPushStory } from '../../support/push/push-story.js';
import { type Person, request, until } from '../../support/story.js';

describe('receipts of Expo', () => {
  it('are counted as other answers are', async () => {
    const push = await startPushStory();
    try {
      const ada = await push.story.person('ada');
      const [gone, refused] = [await push.owner('bob'), await push.owner('cy')];
      push.expo.receiptRefusals.set(gone.token, 'DeviceNotRegistered');
      push.expo.receiptRefusals.set(refused.token, 'InvalidCredentials');
      for (const { person, token } of [gone, refused]) {
        await ada.send(await ada.directConversation(person), 'Hello');
        await push.expo.arrived(token);
      }
      await until('they are in the metrics', async () => {
        const { body } = await request(push.story.url, 'GET', '/metrics');
        return [
          'answers_total{platform="expo",verdict="remove"}',
          'answers_total{platform="expo",verdict="alarm"}',
          'alarms_total{platform="expo"}',
        ]
          .map((name) => `parley_push_${name} 1`)
          .every((line) => String(body).split('\n').includes(line));
      });
    } finally {
      await push.close();
    }
    expect(push.faults()).toEqual([]);
  });

  describe('that cannot be asked for', () => {
    let push: PushStory;
    let ada: Person;
    beforeEach(async () => {
      push = await startPushStory();
      ada = await push.story.person('ada');
    });
    afterEach(async () => {
      await push?.close();
      expect(push.faults()).toEqual([]);
    });

    const tickets = (): Promise<unknown[]> => push.story.app.get(Database).query('SELECT FROM push_tickets');

    it('are kept for a day, and no longer', async () => {
      let calls = 0;
      push.expo.misbehave = ({ path }) => {
        if (path !== '/getReceipts') return undefined;
        calls += 1;
        // A day after the first time.
        if (calls === 3) push.story.app.get(Clock).now = () => Date.now() + 24 * 3_600_000;
        return { status: 503 };
      };
      const { person, token } = await push.owner('bob');
      await ada.send(await ada.directConversation(person), 'Hello');
      await push.expo.arrived(token);
      await until('it is asked for three times', () => calls >= 3);
      // Resolves once the last of it is noted.
      await push.story.app.get(ExpoReceipts).onApplicationShutdown();
      expect(await tickets()).toEqual([]);
    });

    it('are kept where it is a day since they could not be asked for before, and there was nothing to ask meanwhile', async () => {
      let calls = 0;
      push.expo.misbehave = ({ path }) => {
        if (path !== '/getReceipts') return undefined;
        calls += 1;
        return calls <= 2 ? { status: 503 } : undefined;
      };
      const { person, token } = await push.owner('bob');
      push.expo.receiptRefusals.set(token, 'MessageTooBig');
      const putBack = holdCalls(push.story.app, PushQueueRepository, 'putTicketsBack');
      await ada.send(await ada.directConversation(person), 'Hello');
      await until('they could not be asked for', () => putBack.count === 1);
      const [day, now] = [24 * 3_600_000, performance.now.bind(performance)];
      push.story.app.get(Clock).now = () => Date.now() + day;
      const later = jest.spyOn(performance, 'now').mockImplementation(() => now() + day);
      putBack.release();
      await until('they are asked for a third time', () => calls === 3);
      later.mockRestore();
      push.story.app.get(Clock).now = () => Date.now();
      expect(await logged(person, { outcome: 'failed' })).toMatchObject({ reason: 'MessageTooBig' });
    });

    it('are asked for once more where what was answered cannot be noted, and nothing else is lost', async () => {
      let areTogether = false;
      push.expo.misbehave = ({ path, body }) => {
        if (path !== '/getReceipts') return undefined;
        const { ids } = JSON.parse(body.toString()) as { ids: string[] };
        if (!areTogether && ids.length < 2) return { status: 503 };
        areTogether = true;
        return ids.length === 1 ? undefined : { status: 400 };
      };
      const phones: Phone[] = await Promise.all(Array.from({ length: 2 }, () => push.owner('many')));
      for (const { token } of phones) push.expo.receiptRefusals.set(token, 'MessageTooBig');
      const noting = jest
        .spyOn(push.story.app.get(PushQueueRepository), 'log')
        .mockRejectedValueOnce(new Error('away'));
      await ada.group('Many', ...phones.map(({ person }) => person));
      for (const { person } of phones) await logged(person, { outcome: 'failed', reason: 'MessageTooBig' });
      expect(noting).toHaveBeenCalledTimes(3);
    });

    it('are asked for in parts where one of them is what Expo refuses all of them for', async () => {
      let refused: string | undefined;
      push.expo.misbehave = ({ path, body }) => {
        if (path !== '/getReceipts') return undefined;
        const { ids } = JSON.parse(body.toString()) as { ids: string[] };
        // Until they are together.
        if (refused === undefined && ids.length < 3) return { status: 503 };
        refused ??= ids[1];
        return ids.includes(refused as string) ? { status: 400 } : undefined;
      };
      const phones: Phone[] = await Promise.all(Array.from({ length: 3 }, () => push.owner('many')));
      for (const { token } of phones) push.expo.receiptRefusals.set(token, 'MessageTooBig');
      await ada.group('Many', ...phones.map(({ person }) => person));
      await until('two of them are answered, and none is left', async () => {
        const logs = await Promise.all(phones.map(({ person }) => logOf(person)));
        const answered = logs.filter((log) => log.some(({ reason }) => reason === 'MessageTooBig'));
        return answered.length === 2 && (await tickets()).length === 0;
      });
      expect(refused).toBeDefined();
    });
  });
});
