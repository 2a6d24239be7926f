import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database } from '../../../src/database/database.js';
import { PushQueueRepository } from '../../../src/push/sending/push-queue.repository.js';
import { type Phone, type PushStory, startPushStory, unreadOf } from '../../support/push/push-story.js';
import { type Person, until } from '../../support/story.js';

/** `PUSH_ORDERS=1000` for more. */
const ORDERS = Number(process.env.PUSH_ORDERS ?? 12);
const STEPS = 6;

/** The same numbers each time, so that what failed can be run again. */
function randomness(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('the number on the icon', () => {
  let push: PushStory;
  let writers: Person[];
  beforeAll(async () => {
    push = await startPushStory({ pushIdleDelayMs: 10, pushClearDelayMs: 10 });
    writers = [await push.story.person('ada'), await push.story.person('eve')];
  });
  afterAll(async () => {
    await push?.close();
    expect(push.faults()).toEqual([]);
  });

  /** Nothing waits for this user any more, and nothing is under way. */
  const settled = async ({ person }: Phone): Promise<void> =>
    until('nothing waits', async () => {
      const [row] = await push.story.app.get(Database).query<{ waiting: number }>(
        `SELECT count(*)::integer AS waiting FROM push_devices d
         WHERE d.user_id = $1 AND (d.due_at IS NOT NULL OR d.lease_id IS NOT NULL
           OR EXISTS (SELECT FROM push_notices n WHERE n.device_id = d.id AND n.since IS NOT NULL)
           OR EXISTS (
             SELECT FROM conversation_members m JOIN conversations c ON c.id = m.conversation_id
             LEFT JOIN push_progress p ON p.conversation_id = c.id
             WHERE m.user_id = d.user_id AND c.last_seq > COALESCE(p.planned_seq, 0)))`,
        [person.id],
      );
      return row?.waiting === 0;
    });

  it('counts a message that comes while it is decided about the one before', async () => {
    const [writer] = writers as [Person];
    const phone = await push.owner('bob');
    const conversationId = await writer.directConversation(phone.person);
    const queue = push.story.app.get(PushQueueRepository);
    const [notices, badges] = [queue.notices.bind(queue), queue.badges.bind(queue)];
    let second: Promise<unknown> | undefined;
    /** The second message is there once something was read of what the first one is decided by, and before the rest is. */
    const followed = async <Read>(read: Read): Promise<Read> => {
      await (second ??= writer.send(conversationId, 'two'));
      return read;
    };
    queue.notices = async (deviceIds) => followed(await notices(deviceIds));
    queue.badges = async (userIds) => followed(await badges(userIds));
    try {
      await writer.send(conversationId, 'one');
      await push.expo.arrived(phone.token);
      await settled(phone);
      expect(push.expo.of(phone.token).at(-1)).toMatchObject({ badge: 2, data: { seq: 2 } });
    } finally {
      Object.assign(queue, { notices, badges });
    }
  });

  it('is right in the end, in whatever order messages come and are read, answered, deleted and muted', async () => {
    const run = async (seed: number): Promise<void> => {
      const random = randomness(seed);
      const phone = await push.owner('bob');
      const conversations = await Promise.all(writers.map((writer) => writer.directConversation(phone.person)));
      const last = [0, 0];
      const written: string[][] = [[], []];
      const done: string[] = [];
      for (let step = 0; step < STEPS; step += 1) {
        const place = random(2);
        const [conversationId, writer] = [conversations[place] as string, writers[place] as Person];
        const action = step === 0 ? 0 : random(7);
        done.push(`${action}@${place}`);
        if (action <= 2 || last[place] === 0) {
          const { id, seq } = await writer.send(conversationId, `message ${step}`);
          last[place] = seq;
          written[place]?.push(id);
        } else if (action === 3) {
          const seq = 1 + random(last[place] ?? 1);
          await phone.person.must('POST', `/conversations/${conversationId}/read`, { seq });
        } else if (action === 4) {
          last[place] = (await phone.person.send(conversationId, 'an answer')).seq;
        } else if (action === 5) {
          const id = written[place]?.pop();
          if (id !== undefined) await writer.must('DELETE', `/messages/${id}`);
        } else {
          const mutedUntil = random(2) === 0 ? '2099-01-01T00:00:00.000Z' : null;
          await phone.person.must('PATCH', `/conversations/${conversationId}/me`, { mutedUntil });
        }
        // Some at once, some after what came before has rung.
        if (random(3) === 0) await settled(phone);
      }
      // What was read last may be noted an instant after it was answered.
      await until(`the number is right with seed ${seed}: ${done.join(' ')}`, async () => {
        await settled(phone);
        const shown = push.expo.of(phone.token).at(-1)?.badge ?? 0;
        return shown === (await unreadOf(phone.person));
      });
    };
    const seeds = Array.from({ length: ORDERS }, (_, index) => index + 1);
    // Some at once: they have devices and conversations of their own.
    for (let from = 0; from < ORDERS; from += 6) await Promise.all(seeds.slice(from, from + 6).map(run));
    expect(push.expo.delivered.length).toBeGreaterThan(ORDERS);
  }, 600_000);
});
