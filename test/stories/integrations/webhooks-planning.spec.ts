import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { WebhookPlanningRepository } from '../../../src/integrations/webhooks/planning/webhook-planning.repository.js';
import { MessageReader } from '../../../src/messages/reading/message-reader.js';
import { type Anything, type Person, type Story, until } from '../../support/story.js';
import { WebhookStory } from '../../support/webhook-story.js';

describe('webhooks', () => {
  let webhooks: WebhookStory;
  let story: Story;
  let [root, ada, bob]: [Person, Person, Person] = [] as never;
  beforeAll(async () => {
    webhooks = await WebhookStory.start();
    ({ story, root, ada, bob } = webhooks);
  });
  afterEach(() => webhooks.clear());
  afterAll(() => webhooks.close());

  it('bring all that happens, signed, with what a moderation service needs', async () => {
    const hook = await webhooks.receiver();
    const cy = await story.person('cy');
    const group = await ada.group('Trip', bob);
    const file = await ada.mustUpload(Buffer.from('a plan of the trip'), 'plan.txt');
    const sent = await ada.send(group, 'Where do we go?', { attachmentIds: [file.id] });
    const created = await hook.next('message.created');
    expect(created.data).toMatchObject({
      message: {
        id: sent.id,
        seq: sent.seq,
        content: 'Where do we go?',
        attachments: [{ id: file.id, url: expect.any(String) }],
      },
      sender: { id: ada.id, username: ada.username },
      conversation: { id: group, type: 'GROUP', title: 'Trip', memberCount: 2 },
    });
    expect((await fetch(story.url + created.data.message.attachments[0].url)).status).toBe(200);
    expect(created.timestamp).toBe(sent.createdAt);
    const said = await ada.send(group, 'Lisbon');
    await ada.must('PATCH', `/messages/${said.id}`, { content: 'Lisbon!' });
    expect((await hook.next('message.updated')).data.message).toMatchObject({ id: said.id, content: 'Lisbon!' });
    await ada.must('DELETE', `/messages/${said.id}`);
    expect((await hook.next('message.deleted')).data.message).toMatchObject({ id: said.id, content: null });
    await ada.befriend(cy);
    expect((await hook.next('friend.accepted')).data.users.map(({ id }: Anything) => id).sort()).toEqual(
      [ada.id, cy.id].sort(),
    );
    await ada.must('POST', `/conversations/${group}/members`, { memberIds: [cy.id] });
    expect((await hook.next('member.joined')).data).toMatchObject({ conversation: { id: group }, user: { id: cy.id } });
    await cy.must('POST', `/conversations/${group}/leave`);
    expect((await hook.next('member.left')).data).toMatchObject({ conversation: { id: group }, user: { id: cy.id } });
    expect(
      (await hook.next('conversation.created', ({ conversation }) => conversation.id === group)).data.conversation,
    ).toMatchObject({
      createdBy: ada.id,
      memberIds: [ada.id, bob.id].sort(),
    });
    expect((await hook.next('user.created')).data.user).toMatchObject({ id: cy.id, username: cy.username });
    const { id: reportId } = await bob.must('POST', '/reports', {
      targetType: 'user',
      targetId: ada.id,
      reason: 'SPAM',
      comment: 'x',
    });
    const { data: reported } = await hook.next('report.created');
    expect(reported.report).toMatchObject({ id: reportId, targetType: 'user', targetId: ada.id, reason: 'SPAM' });
    expect(JSON.stringify(reported)).not.toContain(bob.id);
    await cy.must('DELETE', '/users/me');
    expect((await hook.next('user.deleted')).data.user).toMatchObject({ id: cy.id, displayName: 'Deleted user' });
    // Those whom the group began with have not joined it, and neither systems' messages nor reactions are messages.
    expect(hook.ofType('member.joined')).toHaveLength(1);
    expect(hook.ofType('message.created').every(({ data }) => data.message.kind !== 'SYSTEM')).toBe(true);
    expect(new Set(hook.ids).size).toBe(hook.received.length);
    expect(hook.forged).toBe(0);
    expect(JSON.stringify(hook.received)).not.toContain(ada.email);
  });

  it('bring what is followed alone, and nothing from before', async () => {
    const direct = await ada.directConversation(bob);
    for (let count = 0; count < 30; count += 1) await ada.send(direct, `before ${count}`);
    const hook = await webhooks.receiver(['message.created']);
    const [first, second] = [await ada.send(direct, 'first'), await bob.send(direct, 'second')];
    await ada.must('PATCH', `/messages/${first.id}`, { content: 'first!' });
    await hook.next('message.created', ({ message }) => message.id === second.id);
    await hook.next('message.created', ({ message }) => message.id === first.id);
    expect(hook.received.map(({ data }) => data.message.id).sort()).toEqual([first.id, second.id].sort());
    await root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { enabled: false });
    await ada.send(direct, 'to nobody');
    expect(await webhooks.find(hook.webhookId)).toMatchObject({ enabled: false, disabledReason: 'ADMINISTRATOR' });
    await root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { enabled: true, events: ['message.created'] });
    const last = await ada.send(direct, 'last');
    await hook.next('message.created', ({ message }) => message.id === last.id);
    expect(hook.received).toHaveLength(3);
  });

  it('bring no message from before new messages were followed', async () => {
    const hook = await webhooks.receiver(['user.created']);
    const direct = await ada.directConversation(bob);
    await ada.send(direct, 'before they are followed');
    // It follows from where the oldest of these happened.
    await until(
      'nothing waits to be planned',
      async () => (await webhooks.query('SELECT 1 FROM webhook_events')).length === 0,
    );
    await root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { events: ['user.created', 'message.created'] });
    const { id } = await ada.send(direct, 'after that');
    // The messages of a conversation are planned in their order.
    await hook.next('message.created', ({ message }) => message.id === id);
    expect((await webhooks.deliveries(hook.webhookId)).map(({ type }) => type)).toEqual(['message.created']);
  });

  it('look at few of the messages that were written while nobody followed any', async () => {
    const direct = await ada.directConversation(bob);
    const former = await webhooks.receiver(['message.created']);
    const { id: planned } = await ada.send(direct, 'planned');
    await former.next('message.created', ({ message }) => message.id === planned);
    await root.must('DELETE', `/admin/webhooks/${former.webhookId}`);
    for (let count = 0; count < 100; count += 1) await ada.send(direct, `to nobody ${count}`);
    const planning = story.app.get(WebhookPlanningRepository);
    let looked = 0;
    planning.next = async (...parameters) => {
      const messages = await WebhookPlanningRepository.prototype.next.apply(planning, parameters);
      looked += messages.filter(({ conversationId }) => conversationId === direct).length;
      return messages;
    };
    try {
      const hook = await webhooks.receiver(['message.created']);
      const { id } = await ada.send(direct, 'to the new one');
      await hook.next('message.created', ({ message }) => message.id === id);
      expect(hook.received).toHaveLength(1);
      // The first messages after what is planned, and the new one.
      expect(looked).toBe(21);
    } finally {
      planning.next = WebhookPlanningRepository.prototype.next;
    }
  });

  it('bring what was followed and not planned or not committed yet when new messages are followed too', async () => {
    const hook = await webhooks.receiver(['user.created', 'friend.accepted']);
    const planning = story.app.get(WebhookPlanningRepository);
    const insert = 'INSERT INTO webhook_events (type, subject_id, user_id) VALUES ($1, $2, $3)';
    const [older, open] = [1, 2].map(() => new pg.Client({ connectionString: story.databaseUrl })) as [
      pg.Client,
      pg.Client,
    ];
    planning.takeEvents = () => Promise.resolve([]);
    try {
      await Promise.all([older.connect(), open.connect()]);
      // One that was written later than another, and happened before it.
      await older.query('BEGIN');
      const { id } = await story.person('cy');
      await older.query(insert, ['user.created', bob.id, null]);
      const follow = async (): Promise<void> => {
        const events = ['user.created', 'friend.accepted', 'message.created'];
        await root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { events });
      };
      await older.query('COMMIT');
      await follow();
      planning.takeEvents = WebhookPlanningRepository.prototype.takeEvents;
      for (const expected of [bob.id, id]) await hook.next('user.created', ({ user }) => user.id === expected);
      await until(
        'nothing waits to be planned',
        async () => (await webhooks.query('SELECT 1 FROM webhook_events')).length === 0,
      );
      // One that is not committed.
      await root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { events: ['user.created', 'friend.accepted'] });
      await open.query('BEGIN');
      await open.query(insert, ['friend.accepted', ada.id, bob.id]);
      await follow();
      await open.query('COMMIT');
      expect((await hook.next('friend.accepted')).type).toBe('friend.accepted');
    } finally {
      planning.takeEvents = WebhookPlanningRepository.prototype.takeEvents;
      await Promise.all([older.end(), open.end()]);
    }
  });

  it('lose nothing of a burst in many conversations', async () => {
    const hook = await webhooks.receiver(['message.created']);
    const people = await Promise.all(Array.from({ length: 6 }, () => story.person('crowd')));
    const conversations = await Promise.all(people.map((person) => person.directConversation(ada)));
    const device = await ada.device();
    const expected: string[] = [];
    await Promise.all(
      conversations.flatMap((conversationId) =>
        Array.from({ length: 60 }, async (_, index) => {
          const { message } = await device.must('send_message', {
            conversationId,
            content: `${index}`,
            clientId: randomUUID(),
          });
          expected.push(message.id);
        }),
      ),
    );
    await until(
      'all are received',
      () => new Set(hook.received.map(({ data }) => data.message.id)).size === expected.length,
    );
    expect(hook.received.map(({ data }) => data.message.id).sort()).toEqual(expected.sort());
  });

  it('are planned in smaller steps after a failure, and without who may not read what a message quotes', async () => {
    const hook = await webhooks.receiver(['message.created']);
    const planning = story.app.get(WebhookPlanningRepository);
    const published = jest.spyOn(story.app.get(MessageReader), 'listPublished');
    // As a statement does that may take no longer.
    planning.lock = (transaction, ids, first) =>
      ids.length > 2
        ? Promise.reject(new Error('too much at once'))
        : WebhookPlanningRepository.prototype.lock.call(planning, transaction, ids, first);
    try {
      const groups = await Promise.all([1, 2, 3, 4].map((n) => ada.group(`Trip ${n}`, bob)));
      const first = await ada.send(groups[0] ?? '', 'quoted');
      await Promise.all(groups.map((id) => ada.send(id, `to ${id}`, id === groups[0] ? { replyToId: first.id } : {})));
      for (const id of groups) await hook.next('message.created', ({ message }) => message.content === `to ${id}`);
      const found = (await Promise.all(published.mock.results.map(({ value }) => value as Promise<Anything[]>))).flat();
      expect(found.some(({ created }) => created.message.replyTo !== null)).toBe(true);
      expect(found.filter(({ created }) => created.limits !== undefined)).toEqual([]);
    } finally {
      planning.lock = WebhookPlanningRepository.prototype.lock;
      published.mockRestore();
    }
  });

  it('show of a user who is being deleted while they are planned what is left of it', async () => {
    const hook = await webhooks.receiver(['friend.accepted']);
    const [older, newer] = [await story.person('older'), await story.person('newer')];
    const deletion = new pg.Client({ connectionString: story.databaseUrl });
    await deletion.connect();
    try {
      await deletion.query('BEGIN');
      await deletion.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [older.id]);
      const event = `INSERT INTO webhook_events (type, subject_id, user_id) VALUES ('friend.accepted', $1, $2)`;
      await webhooks.query(event, older.id, newer.id);
      const waiting = `SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      await until('the planner waits', async () => (await webhooks.query(waiting)).length > 0);
      await deletion.query(`UPDATE users SET display_name = 'Gone' WHERE id = $1`, [older.id]);
      await deletion.query('COMMIT');
      const { data } = await hook.next('friend.accepted');
      expect(data.users).toMatchObject([{ id: older.id, displayName: 'Gone' }, { id: newer.id }]);
    } finally {
      await deletion.end();
    }
  });
});
