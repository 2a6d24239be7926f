import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { Database } from '../../../src/database/database.js';
import { type Anything, type Device, type Person, startStory, type Story } from '../../support/story.js';

/**
 * What the server's connections to the database were asked, but for those of work that nobody waits for: BEGIN and COMMIT are
 * statements, too.
 */
const statements: string[] = [];
const inBackground = new WeakSet<pg.ClientBase>();
const query = pg.Client.prototype.query as (...parameters: unknown[]) => unknown;
pg.Client.prototype.query = function (this: pg.Client, ...parameters: unknown[]): unknown {
  const [config] = parameters as [string | { name?: string; text?: string }];
  if (!inBackground.has(this))
    statements.push(typeof config === 'string' ? config : (config.name ?? config.text ?? ''));
  return query.apply(this, parameters);
} as never;

describe('changing a message', () => {
  let story: Story;
  let ada: Person;
  let bob: Person;
  let device: Device;
  let watcher: Device;
  let conversationId: string;
  beforeAll(async () => {
    story = await startStory({ rateLimits: false });
    story.app.get(Database).background.pool.on('acquire', (client) => inBackground.add(client));
    [ada, bob] = [await story.person(), await story.person()];
    conversationId = await ada.directConversation(bob);
    [device, watcher] = [await ada.device(), await bob.device()];
  });
  afterAll(async () => {
    pg.Client.prototype.query = query as never;
    await story.close();
  });

  /**
   * The statements of one change, up to the event that bob's device receives. Leases and sweeps may add some of their own at
   * any time, and only add: the fewest of many rounds are the change's, and the first round of at most `allowed` is enough.
   */
  async function fewest(
    allowed: number,
    event: string,
    prepare: () => Promise<Anything>,
    change: (message: Anything) => Promise<Anything>,
  ) {
    let best: string[] | undefined;
    for (let round = 0; round < 30 && !(best !== undefined && best.length <= allowed); round += 1) {
      const message = await prepare();
      await watcher.next('message:new', (seen) => seen.message.id === message.id);
      statements.length = 0;
      const [answer] = await Promise.all([
        change(message),
        watcher.next(event, (seen) => seen.message.id === message.id),
      ]);
      expect(answer.ok).toBe(true);
      if (best === undefined || statements.length < best.length) best = [...statements];
    }
    return best ?? [];
  }
  const said = async (): Promise<Anything> =>
    (await device.ask('send_message', { conversationId, content: 'hello' })).data.message;

  it('costs an edit at most five statements, the look for who may not receive it included', async () => {
    const asked = await fewest(5, 'message:updated', said, (message) =>
      device.ask('edit_message', { messageId: message.id, content: 'hello again' }),
    );
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.length).toBeLessThanOrEqual(5);
  });

  it('costs a deletion at most eight statements', async () => {
    const asked = await fewest(8, 'message:deleted', said, (message) =>
      device.ask('delete_message', { messageId: message.id }),
    );
    expect(asked.length).toBeLessThanOrEqual(8);
  });

  it('costs a reaction, and taking it back, at most eight statements', async () => {
    const added = await fewest(8, 'message:updated', said, (message) =>
      device.ask('react', { messageId: message.id, emoji: '👍' }),
    );
    expect(added.length).toBeLessThanOrEqual(8);
    const withdrawn = await fewest(
      8,
      'message:updated',
      async () => {
        const message = await said();
        await device.ask('react', { messageId: message.id, emoji: '👍' });
        await watcher.next('message:updated', (seen) => seen.message.id === message.id);
        return message;
      },
      (message) => device.ask('react', { messageId: message.id, emoji: '👍', remove: true }),
    );
    expect(withdrawn.length).toBeLessThanOrEqual(8);
  });

  it('leaves nothing of a message that is edited and reacted to while it is deleted', async () => {
    const outside = new pg.Client({ connectionString: story.databaseUrl });
    await outside.connect();
    for (let round = 0; round < 10; round += 1) {
      const { id: messageId } = await said();
      const [deleted, ...others] = await Promise.all([
        device.ask('delete_message', { messageId }),
        ...Array.from({ length: 4 }, (_, index) => (index % 2 === 0 ? ada : bob)).map((person, index) =>
          person.call('PUT', `/messages/${messageId}/reactions/${encodeURIComponent(index < 2 ? '👍' : '🎉')}`),
        ),
        ada.call('PATCH', `/messages/${messageId}`, { content: `edited ${round}` }),
      ]);
      expect(deleted.ok).toBe(true);
      for (const { status } of others as { status: number }[]) expect([200, 409, 410]).toContain(status);
      const { rows } = await outside.query(
        `SELECT m.content, c.last_message AS "lastMessage", s.folded,
           (SELECT count(*)::integer FROM message_reactions r WHERE r.message_id = m.id) AS reactions
         FROM messages m JOIN conversations c ON c.id = m.conversation_id
         LEFT JOIN message_search s ON s.message_id = m.id WHERE m.id = $1`,
        [messageId],
      );
      expect(rows).toEqual([{ content: null, lastMessage: null, folded: '', reactions: 0 }]);
    }
    await outside.end();
  });

  it('keeps to the most reactions a message may have, however many come at once', async () => {
    const { id: messageId } = await said();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        (index % 2 === 0 ? ada : bob).call('PUT', `/messages/${messageId}/reactions/name${index}`),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(30);
    const refused = answers.filter(({ status }) => status !== 200).map(({ body }) => body.code);
    expect(new Set(refused)).toEqual(new Set(['TOO_MANY_REACTIONS']));
  });
});
