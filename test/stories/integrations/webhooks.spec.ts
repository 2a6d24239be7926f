import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { Clock } from '../../../src/common/clock.js';
import { Configuration } from '../../../src/config/configuration.js';
import { Database } from '../../../src/database/database.js';
import { forgetPastDeliveries } from '../../../src/integrations/webhooks/forgotten-past.repository.js';
import { WebhookPlanningRepository } from '../../../src/integrations/webhooks/planning/webhook-planning.repository.js';
import { WebhookNotices } from '../../../src/integrations/webhooks/sending/webhook-notices.js';
import { WebhookQueueRepository } from '../../../src/integrations/webhooks/sending/webhook-queue.repository.js';
import { WebhookSender } from '../../../src/integrations/webhooks/sending/webhook-sender.js';
import { WEBHOOK_EVENTS } from '../../../src/integrations/webhooks/webhook-events.js';
import { type Mail, Mailer } from '../../../src/mail/mailer.js';
import { MessageReader } from '../../../src/messages/reading/message-reader.js';
import { type Anything, type Person, startStory, type Story, until } from '../../support/story.js';
import { WebhookReceiver } from '../../support/webhook-receiver.js';

const ALLOWED = { WEBHOOK_ALLOWED_HOSTS: '127.0.0.1', LINK_PREVIEWS: 'off' };

describe('webhooks', () => {
  let story: Story;
  let [root, ada, bob]: [Person, Person, Person] = [] as never;
  const mails: Mail[] = [];
  const receivers: WebhookReceiver[] = [];
  const webhookIds: string[] = [];

  beforeAll(async () => {
    story = await startStory({ rateLimits: false }, ALLOWED);
    story.app.get(Mailer, { strict: false }).send = (mail: Mail) => Promise.resolve(void mails.push(mail));
    Object.assign(story.app.get(Configuration).timings, {
      webhookPlanPauseMs: 10,
      webhookRetryMs: 0.5,
      webhookRestMs: 100,
      webhookBreakMs: 20,
      webhookRequestMs: 60_000,
    });
    [root, ada, bob] = await Promise.all([story.person('root'), story.person('ada'), story.person('bob')]);
    await story.grant(root, 'ADMIN');
  });
  afterEach(async () => {
    for (const id of webhookIds.splice(0)) await root.call('DELETE', `/admin/webhooks/${id}`);
    await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
  });
  afterAll(() => story.close());

  const query = (sql: string, ...parameters: string[]): Promise<Anything[]> =>
    story.app.get(Database).query(sql, parameters);

  async function receiver(
    events: readonly string[] = WEBHOOK_EVENTS,
  ): Promise<WebhookReceiver & { webhookId: string }> {
    const started = await WebhookReceiver.start();
    receivers.push(started);
    const { id, secret } = await root.must('POST', '/admin/webhooks', { url: started.url, events });
    webhookIds.push(id);
    started.secret = secret;
    return Object.assign(started, { webhookId: id as string });
  }
  const deliveries = async (id: string): Promise<Anything[]> =>
    (await root.must('GET', `/admin/webhooks/${id}/deliveries`)).items;
  const webhook = async (id: string): Promise<Anything> =>
    (await root.must('GET', '/admin/webhooks')).items.find((item: Anything) => item.id === id);

  it('are signed with the former secret too for a day after it was changed, and with no other', async () => {
    const hook = await receiver(['message.created']);
    const original = hook.secret ?? '';
    const rotate = (): Promise<Anything> => root.call('POST', `/admin/webhooks/${hook.webhookId}/rotate-secret`);
    const { secret } = (await rotate()).body;
    expect(secret).toMatch(/^whsec_/);
    expect(secret).not.toBe(original);
    expect(JSON.stringify(await webhook(hook.webhookId))).not.toContain('whsec_');
    const group = await ada.group('Trip', bob);
    const receive = async (content: string): Promise<void> => {
      await ada.say(group, content);
      await hook.next('message.created', ({ message }) => message.content === content);
    };
    for (const known of [original, secret]) {
      hook.secret = known;
      await receive(`known by ${known === secret ? 'the new' : 'the former'} secret`);
      expect((await root.must('POST', `/admin/webhooks/${hook.webhookId}/test`)).status).toBe('delivered');
    }
    expect(hook.forged).toBe(0);
    await query(`UPDATE webhook_former_secrets SET signs_until = now() WHERE webhook_id = $1`, hook.webhookId);
    await receive('after a day');
    expect(hook.forged).toBe(0);
    hook.secret = original;
    await receive('by who did not change over');
    expect(hook.forged).toBe(1);
    // Rotated by mistake, again and again: none is taken from its receiver, and there is an end of it.
    const answers = [];
    for (let count = 0; count < 5; count += 1) answers.push(await rotate());
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 409]);
    expect(answers[4].body.code).toBe('LIMIT_REACHED');
    hook.secret = secret;
    hook.forged = 0;
    await receive('by a secret from four changes ago');
    expect(hook.forged).toBe(0);
    const entries = (await root.must('GET', `/admin/audit?targetId=${hook.webhookId}`)).items;
    expect(entries.filter(({ action }: Anything) => action === 'webhook.rotate_secret')).toHaveLength(5);
    expect(JSON.stringify(entries)).not.toContain('whsec_');
    expect((await root.call('POST', `/admin/webhooks/${randomUUID()}/rotate-secret`)).status).toBe(404);
  });

  it('bring all that happens, signed, with what a moderation service needs', async () => {
    const hook = await receiver();
    const cy = await story.person('cy');
    const group = await ada.group('Trip', bob);
    const file = await ada.mustUpload(Buffer.from('a plan of the trip'), 'plan.txt');
    const sent = await ada.say(group, 'Where do we go?', { attachmentIds: [file.id] });
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
    const said = await ada.say(group, 'Lisbon');
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
    for (let count = 0; count < 30; count += 1) await ada.say(direct, `before ${count}`);
    const hook = await receiver(['message.created']);
    const [first, second] = [await ada.say(direct, 'first'), await bob.say(direct, 'second')];
    await ada.must('PATCH', `/messages/${first.id}`, { content: 'first!' });
    await hook.next('message.created', ({ message }) => message.id === second.id);
    await hook.next('message.created', ({ message }) => message.id === first.id);
    expect(hook.received.map(({ data }) => data.message.id).sort()).toEqual([first.id, second.id].sort());
    await root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { enabled: false });
    await ada.say(direct, 'to nobody');
    expect(await webhook(hook.webhookId)).toMatchObject({ enabled: false, disabledReason: 'ADMINISTRATOR' });
    await root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { enabled: true, events: ['message.created'] });
    const last = await ada.say(direct, 'last');
    await hook.next('message.created', ({ message }) => message.id === last.id);
    expect(hook.received).toHaveLength(3);
  });

  it('bring no message from before new messages were followed', async () => {
    const hook = await receiver(['user.created']);
    const direct = await ada.directConversation(bob);
    await ada.say(direct, 'before they are followed');
    // It follows from where the oldest of these happened.
    await until('nothing waits to be planned', async () => (await query('SELECT 1 FROM webhook_events')).length === 0);
    await root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { events: ['user.created', 'message.created'] });
    const { id } = await ada.say(direct, 'after that');
    // The messages of a conversation are planned in their order.
    await hook.next('message.created', ({ message }) => message.id === id);
    expect((await deliveries(hook.webhookId)).map(({ type }) => type)).toEqual(['message.created']);
  });

  it('look at few of the messages that were written while nobody followed any', async () => {
    const direct = await ada.directConversation(bob);
    const former = await receiver(['message.created']);
    const { id: planned } = await ada.say(direct, 'planned');
    await former.next('message.created', ({ message }) => message.id === planned);
    await root.must('DELETE', `/admin/webhooks/${former.webhookId}`);
    for (let count = 0; count < 100; count += 1) await ada.say(direct, `to nobody ${count}`);
    const planning = story.app.get(WebhookPlanningRepository);
    let looked = 0;
    planning.next = async (...parameters) => {
      const messages = await WebhookPlanningRepository.prototype.next.apply(planning, parameters);
      looked += messages.filter(({ conversationId }) => conversationId === direct).length;
      return messages;
    };
    try {
      const hook = await receiver(['message.created']);
      const { id } = await ada.say(direct, 'to the new one');
      await hook.next('message.created', ({ message }) => message.id === id);
      expect(hook.received).toHaveLength(1);
      // The first messages after what is planned, and the new one.
      expect(looked).toBe(21);
    } finally {
      planning.next = WebhookPlanningRepository.prototype.next;
    }
  });

  it('bring what was followed and not planned or not committed yet when new messages are followed too', async () => {
    const hook = await receiver(['user.created', 'friend.accepted']);
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
        async () => (await query('SELECT 1 FROM webhook_events')).length === 0,
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
    const hook = await receiver(['message.created']);
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

  it('are tried again under the same id until they are taken', async () => {
    const hook = await receiver(['message.created']);
    let refusals = 4;
    hook.answer = (response) => response.writeHead(refusals-- > 0 ? 500 : 200).end();
    const { id } = await ada.say(await ada.directConversation(bob), 'again');
    await until('it is taken', async () => (await deliveries(hook.webhookId))[0]?.status === 'delivered');
    expect(hook.received).toHaveLength(5);
    expect(new Set(hook.ids).size).toBe(1);
    expect(hook.forged).toBe(0);
    expect(hook.received.every(({ data }) => data.message.id === id)).toBe(true);
    expect(await deliveries(hook.webhookId)).toMatchObject([
      { id: hook.ids[0], type: 'message.created', attempts: 5, responseStatus: 200, error: null, nextAttemptAt: null },
    ]);
    expect((await webhook(hook.webhookId)).failingSince).toBeNull();
  });

  it('that failed are not sent again once their message is gone', async () => {
    const hook = await receiver(['message.created']);
    let fail = (): void => undefined;
    hook.answer = (response) => {
      fail = () => response.writeHead(500).end();
      response.on('error', () => undefined);
    };
    const { id } = await ada.say(await ada.directConversation(bob), 'said in haste');
    await hook.next('message.created');
    await ada.must('DELETE', `/messages/${id}?for=everyone`);
    fail();
    await until('it is given up', async () => (await deliveries(hook.webhookId))[0]?.status === 'failed');
    expect(hook.received).toHaveLength(1);
    expect(await deliveries(hook.webhookId)).toMatchObject([
      { attempts: 1, error: 'the message is gone', responseStatus: null, nextAttemptAt: null },
    ]);
  });

  it('that failed are sent again without what they quote once that is gone', async () => {
    const hook = await receiver(['message.created']);
    const direct = await ada.directConversation(bob);
    const quoted = await ada.say(direct, 'said in haste');
    await until('it is delivered', async () => (await deliveries(hook.webhookId))[0]?.status === 'delivered');
    let fail = (): void => undefined;
    hook.answer = (response) => {
      fail = () => response.writeHead(500).end();
      response.on('error', () => undefined);
    };
    const { id } = await bob.say(direct, 'why?', { replyToId: quoted.id });
    const isReply = ({ message }: Anything): boolean => message.id === id;
    expect((await hook.next('message.created', isReply)).data.message.replyTo.content).toBe('said in haste');
    await ada.must('DELETE', `/messages/${quoted.id}?for=everyone`);
    hook.answer = (response) => response.writeHead(204).end();
    fail();
    await until('it is sent again', () => hook.received.filter(({ data }) => isReply(data)).length === 2);
    expect(hook.received.at(-1)?.data.message).toMatchObject({
      content: 'why?',
      replyTo: { id: quoted.id, senderId: ada.id, content: null, deletedAt: expect.any(String) },
    });
    expect(hook.forged).toBe(0);
  });

  it('of a receiver that never answers hold up no other', async () => {
    const [slow, quick] = [await receiver(['message.created']), await receiver(['message.created'])];
    slow.answer = (response) => slow.hold(response);
    const direct = await ada.directConversation(bob);
    for (let count = 0; count < 40; count += 1) await ada.say(direct, `${count}`);
    await until('the other has all', () => quick.received.length === 40);
    expect(slow.received.length).toBeLessThanOrEqual(8);
  });

  it('of a receiver that rests since it failed are sent at once where its webhook is changed', async () => {
    const { timings } = story.app.get(Configuration);
    const { webhookBreakMs } = timings;
    timings.webhookBreakMs = 3_600_000;
    try {
      const hook = await receiver(['message.created']);
      let fails = true;
      hook.answer = (response) => response.writeHead(fails ? 500 : 204).end();
      const direct = await ada.directConversation(bob);
      for (let count = 0; count < 8; count += 1) await ada.say(direct, `${count}`);
      await until('it rests, and nothing is under way', async () => {
        const failed = (await deliveries(hook.webhookId)).reduce((sum, { attempts }) => sum + attempts, 0);
        return failed >= 3 && failed === hook.received.length;
      });
      fails = false;
      await root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { url: hook.url });
      const delivered = async (): Promise<number> =>
        (await deliveries(hook.webhookId)).filter(({ status }) => status === 'delivered').length;
      await until('it has all', async () => (await delivered()) === 8);
      expect(new Set(hook.ids).size).toBe(8);
    } finally {
      timings.webhookBreakMs = webhookBreakMs;
    }
  });

  it('end with a receiver that is gone, and administrators are mailed', async () => {
    const hook = await receiver(['message.created']);
    hook.answer = (response) => response.writeHead(410).end();
    const direct = await ada.directConversation(bob);
    await ada.say(direct, 'to nobody');
    await until('it is disabled', async () => !(await webhook(hook.webhookId)).enabled);
    expect((await webhook(hook.webhookId)).disabledReason).toBe('GONE');
    await until('the administrator is mailed', () =>
      mails.some(({ to, text }) => to === root.email && text.includes('127.0.0.1')),
    );
    expect((await deliveries(hook.webhookId))[0]).toMatchObject({ status: 'failed', responseStatus: 410 });
    const { items } = await root.must('GET', `/admin/audit?targetId=${hook.webhookId}`);
    expect(items.map(({ action, actorId }: Anything) => [action, actorId])).toEqual([
      ['webhook.disable', null],
      ['webhook.create', root.id],
    ]);
  });

  it('that lead elsewhere by now are not judged by what their former receiver answers', async () => {
    const hook = await receiver(['message.created']);
    const present = await WebhookReceiver.start();
    receivers.push(present);
    const answers: (() => void)[] = [];
    const statuses = [410, 503];
    hook.answer = (response) => {
      const status = statuses[answers.length] ?? 500;
      answers.push(() => response.writeHead(status).end());
    };
    present.answer = (response) => present.hold(response);
    const direct = await ada.directConversation(bob);
    for (const content of ['one', 'two']) await ada.say(direct, content);
    await until('both are under way', () => answers.length === 2);
    await root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { url: present.url });
    for (const answer of answers) answer();
    const errors = async (): Promise<string[]> => (await deliveries(hook.webhookId)).map(({ error }) => error).sort();
    await until('both are noted', async () => (await errors()).join() === 'status 410,status 503');
    expect(await webhook(hook.webhookId)).toMatchObject({ enabled: true, url: present.url, failingSince: null });
    await until('the present receiver is sent both', () => new Set(present.ids).size === 2);
    expect(hook.received).toHaveLength(2);
  });

  it('that fail are not healthy by what their former receiver takes', async () => {
    const hook = await receiver(['message.created']);
    let answer: (() => void) | undefined;
    hook.answer = (response) => {
      answer = () => response.writeHead(204).end();
    };
    await ada.say(await ada.directConversation(bob), 'to the former one');
    await until('it is under way', () => answer !== undefined);
    await root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { url: `${hook.url}/elsewhere` });
    await query('UPDATE webhooks SET failing_since = now() WHERE id = $1', hook.webhookId);
    answer?.();
    await until('it is delivered', async () => (await deliveries(hook.webhookId))[0]?.status === 'delivered');
    expect((await webhook(hook.webhookId)).failingSince).not.toBeNull();
  });

  it('that are led elsewhere are given time as new ones are', async () => {
    const hook = await receiver(['message.created']);
    await query(`UPDATE webhooks SET failing_since = now() - interval '119 hours' WHERE id = $1`, hook.webhookId);
    const lead = (url: string): Promise<Anything> => root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { url });
    expect((await lead(hook.url)).failingSince).not.toBeNull();
    expect((await lead(`${hook.url}/elsewhere`)).failingSince).toBeNull();
  });

  it('that lead elsewhere while their receiver is noted as gone stay enabled, and keep what it was sent', async () => {
    const hook = await receiver(['message.created']);
    const present = await WebhookReceiver.start();
    receivers.push(present);
    hook.answer = (response) => response.writeHead(410).end();
    const queue = story.app.get(WebhookQueueRepository);
    let disabled: unknown = 'not tried';
    queue.disable = async (...parameters) => {
      await root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { url: present.url });
      disabled = await WebhookQueueRepository.prototype.disable.apply(queue, parameters);
      return disabled as string | undefined;
    };
    try {
      const { id } = await ada.say(await ada.directConversation(bob), 'to the former one');
      await until('it was to be disabled', () => disabled !== 'not tried');
      expect(disabled).toBeUndefined();
      expect((await webhook(hook.webhookId)).enabled).toBe(true);
      expect((await present.next('message.created')).data.message.id).toBe(id);
    } finally {
      queue.disable = WebhookQueueRepository.prototype.disable;
    }
  });

  it('that are enabled again before a 410 is noted send again what was answered by it', async () => {
    const hook = await receiver(['message.created']);
    hook.answer = (response) => response.writeHead(hook.received.length === 1 ? 410 : 204).end();
    const queue = story.app.get(WebhookQueueRepository);
    queue.failed = async (...parameters) => {
      await root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { enabled: true });
      return WebhookQueueRepository.prototype.failed.apply(queue, parameters);
    };
    try {
      await ada.say(await ada.directConversation(bob), 'to who is back');
      await until('it is delivered', async () => (await deliveries(hook.webhookId))[0]?.status === 'delivered');
      expect((await webhook(hook.webhookId)).enabled).toBe(true);
    } finally {
      queue.failed = WebhookQueueRepository.prototype.failed;
    }
  });

  it('are disabled by five days of failure, and not before', async () => {
    const hook = await receiver(['message.created']);
    hook.answer = (response) => response.writeHead(503).end();
    const direct = await ada.directConversation(bob);
    await ada.say(direct, 'one');
    await until('it fails', async () => (await webhook(hook.webhookId)).failingSince !== null);
    await query(`UPDATE webhooks SET failing_since = now() - interval '119 hours' WHERE id = $1`, hook.webhookId);
    const attempts = hook.received.length;
    await until('it was tried again', () => hook.received.length > attempts + 1);
    expect((await webhook(hook.webhookId)).enabled).toBe(true);
    await query(`UPDATE webhooks SET failing_since = now() - interval '121 hours' WHERE id = $1`, hook.webhookId);
    await ada.say(direct, 'two');
    await until('it is disabled', async () => (await webhook(hook.webhookId)).disabledReason === 'FAILING');
  });

  it('are looked at no sooner than a pause of their receiver ends, whatever is due for it', async () => {
    const hook = await receiver(['message.created']);
    const { timings } = story.app.get(Configuration);
    const { webhookBreakMs, webhookRestMs } = timings;
    Object.assign(timings, { webhookBreakMs: 3_600_000, webhookRestMs: 3_600_000 });
    const sender = story.app.get(WebhookSender);
    const { receivers, turn } = sender as unknown as {
      receivers: Map<string, { pausedUntil: number }>;
      turn(): Promise<number>;
    };
    try {
      hook.answer = (response) => response.writeHead(503).end();
      const direct = await ada.directConversation(bob);
      for (let n = 0; n < 3; n += 1) await ada.say(direct, `${n}`);
      const pausedUntil = (): number => receivers.get(hook.webhookId)?.pausedUntil ?? 0;
      await until('its receiver is given a pause', () => pausedUntil() > performance.now());
      await query(
        'UPDATE webhook_deliveries SET next_at = now() WHERE webhook_id = $1 AND lease_id IS NULL',
        hook.webhookId,
      );
      // The longest pause is a minute.
      let restMs = 0;
      await until('there is nothing to do for half of it', async () => (restMs = await turn.call(sender)) > 30_000);
      expect(restMs).toBeGreaterThan(30_000);
    } finally {
      Object.assign(timings, { webhookBreakMs, webhookRestMs });
      receivers.delete(hook.webhookId);
      sender.wake();
    }
  });

  it('are planned in smaller steps after a failure, and without who may not read what a message quotes', async () => {
    const hook = await receiver(['message.created']);
    const planning = story.app.get(WebhookPlanningRepository);
    const published = jest.spyOn(story.app.get(MessageReader), 'listPublished');
    // As a statement does that may take no longer.
    planning.lock = (transaction, ids, first) =>
      ids.length > 2
        ? Promise.reject(new Error('too much at once'))
        : WebhookPlanningRepository.prototype.lock.call(planning, transaction, ids, first);
    try {
      const groups = await Promise.all([1, 2, 3, 4].map((n) => ada.group(`Trip ${n}`, bob)));
      const first = await ada.say(groups[0] ?? '', 'quoted');
      await Promise.all(groups.map((id) => ada.say(id, `to ${id}`, id === groups[0] ? { replyToId: first.id } : {})));
      for (const id of groups) await hook.next('message.created', ({ message }) => message.content === `to ${id}`);
      const found = (await Promise.all(published.mock.results.map(({ value }) => value as Promise<Anything[]>))).flat();
      expect(found.some(({ created }) => created.message.replyTo !== null)).toBe(true);
      expect(found.filter(({ created }) => created.limits !== undefined)).toEqual([]);
    } finally {
      planning.lock = WebhookPlanningRepository.prototype.lock;
      published.mockRestore();
    }
  });

  it('are not disabled by one failure alone, however long ago there was another one', async () => {
    const hook = await receiver(['message.created']);
    hook.answer = (response) => response.writeHead(503).end();
    await query(`UPDATE webhooks SET failing_since = now() - interval '121 hours' WHERE id = $1`, hook.webhookId);
    await ada.say(await ada.directConversation(bob), 'one');
    await until('it is disabled', async () => (await webhook(hook.webhookId)).disabledReason === 'FAILING');
    expect((await deliveries(hook.webhookId))[0].attempts).toBeGreaterThan(1);
  });

  it('fail no more once their receiver takes a test, or a backup was restored', async () => {
    const hook = await receiver(['message.created']);
    const fail = (): Promise<unknown> =>
      query(`UPDATE webhooks SET failing_since = now() - interval '119 hours' WHERE id = $1`, hook.webhookId);
    const failingSince = async (): Promise<unknown> => (await webhook(hook.webhookId)).failingSince;
    await fail();
    hook.answer = (response) => response.writeHead(503).end();
    await root.must('POST', `/admin/webhooks/${hook.webhookId}/test`);
    expect(await failingSince()).not.toBeNull();
    hook.answer = (response) => response.writeHead(204).end();
    await root.must('POST', `/admin/webhooks/${hook.webhookId}/test`);
    expect(await failingSince()).toBeNull();
    await fail();
    const client = new pg.Client({ connectionString: story.databaseUrl });
    await client.connect();
    await forgetPastDeliveries(client);
    await client.end();
    expect(await failingSince()).toBeNull();
  });

  it('are enabled again with what waited, which counts no more against how much may wait', async () => {
    const hook = await receiver(['message.created']);
    const answers: (() => void)[] = [];
    hook.answer = (response) => void answers.push(() => response.writeHead(204).end());
    const direct = await ada.directConversation(bob);
    const overfull = async (): Promise<boolean> =>
      (await story.app.get(WebhookQueueRepository).overfull(2)).includes(hook.webhookId);
    const say = async (count: number): Promise<void> => {
      const expected = answers.length + count;
      for (let index = 0; index < count; index += 1) await ada.say(direct, `${index}`);
      await until('they wait for an answer', () => answers.length === expected);
    };
    await say(3);
    expect(await overfull()).toBe(true);
    for (const enabled of [false, true]) await root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { enabled });
    expect(await overfull()).toBe(false);
    await say(2);
    expect(await overfull()).toBe(false);
    await say(1);
    expect(await overfull()).toBe(true);
    for (const answer of answers) answer();
    await until('all are sent', async () =>
      (await deliveries(hook.webhookId)).every(({ status }) => status === 'delivered'),
    );
  });

  it('that cannot be counted do not keep old ones from being deleted', async () => {
    const hook = await receiver(['message.created']);
    await ada.say(await ada.directConversation(bob), 'old');
    await until('it is delivered', async () => (await deliveries(hook.webhookId))[0]?.status === 'delivered');
    await query(
      `UPDATE webhook_deliveries SET created_at = now() - interval '15 days' WHERE webhook_id = $1`,
      hook.webhookId,
    );
    const queue = story.app.get(WebhookQueueRepository);
    queue.overfull = () => Promise.reject(new Error('it takes too long'));
    try {
      const sender: { sweepNow(): Promise<void> } = story.app.get(WebhookSender);
      await sender.sweepNow();
      expect(await deliveries(hook.webhookId)).toEqual([]);
    } finally {
      queue.overfull = WebhookQueueRepository.prototype.overfull;
    }
  });

  it('follow no redirect, and reach nothing inside', async () => {
    const inside = await WebhookReceiver.start();
    receivers.push(inside);
    const hook = await receiver(['message.created']);
    hook.answer = (response) => response.writeHead(302, { location: inside.url }).end();
    await ada.say(await ada.directConversation(bob), 'elsewhere');
    await until('it failed', async () => (await deliveries(hook.webhookId))[0]?.error === 'status 302');
    expect(inside.received).toEqual([]);
    for (const url of [
      'http://example.com/',
      'https://10.0.0.1/',
      'https://169.254.169.254/latest/meta-data/',
      'https://[::1]/',
      'https://[::ffff:10.0.0.1]/',
      'https://2130706434/',
      'https://0x7f.2/',
      'https://localhost/',
      'https://localhost./',
      'https://printer.local/',
      'https://metadata.google.internal/',
      'https://user:password@example.com/',
      'https://example.com:22/',
      'ftp://example.com/',
      'file:///etc/passwd',
      'javascript:alert(1)',
      'nonsense',
      `https://example.com/${'x'.repeat(2_000)}`,
    ]) {
      const { status, body } = await root.call('POST', '/admin/webhooks', { url, events: ['message.created'] });
      expect([url, status, Object.keys(body.errors ?? {})]).toEqual([url, 400, ['url']]);
      const changed = await root.call('PATCH', `/admin/webhooks/${hook.webhookId}`, { url });
      expect([url, changed.status]).toEqual([url, 400]);
    }
    for (const field of ['url', 'events', 'enabled']) {
      const { status, body } = await root.call('PATCH', `/admin/webhooks/${hook.webhookId}`, { [field]: null });
      expect([status, Object.keys(body.errors ?? {})]).toEqual([400, [field]]);
    }
    // One that came into the database by another way is not connected to either.
    await query(`UPDATE webhooks SET url = 'https://10.0.0.1/' WHERE id = $1`, hook.webhookId);
    const test = await root.must('POST', `/admin/webhooks/${hook.webhookId}/test`);
    expect(test).toMatchObject({ status: 'failed', error: 'an address that is not public', responseStatus: null });
    await query(`UPDATE webhooks SET url = 'https://localhost/' WHERE id = $1`, hook.webhookId);
    expect((await root.must('POST', `/admin/webhooks/${hook.webhookId}/test`)).error).toBe(
      'an address that is not public',
    );
  });

  it('can be tested, seen and sent again by hand, by who may', async () => {
    const hook = await receiver(['message.created']);
    const test = await root.must('POST', `/admin/webhooks/${hook.webhookId}/test`);
    expect(test).toMatchObject({
      type: 'webhook.test',
      status: 'delivered',
      attempts: 1,
      responseStatus: 204,
      error: null,
    });
    expect(hook.received).toEqual([
      { id: test.id, type: 'webhook.test', timestamp: expect.any(String), data: { webhookId: hook.webhookId } },
    ]);
    await ada.say(await ada.directConversation(bob), 'once more');
    const { id } = await hook.next('message.created');
    await until('it is delivered', async () => (await deliveries(hook.webhookId))[0]?.status === 'delivered');
    const again = await root.call('POST', `/admin/webhooks/${hook.webhookId}/deliveries/${id}/redeliver`);
    expect([again.status, again.body.status]).toEqual([202, 'pending']);
    await until('it comes again', () => hook.ids.filter((other) => other === id).length === 2);
    // What is gone is not repeated.
    const gone = await ada.say(await ada.directConversation(bob), 'to be deleted');
    const { id: goneId } = await hook.next('message.created', ({ message }) => message.id === gone.id);
    await until('it is delivered', async () => (await deliveries(hook.webhookId))[0]?.status === 'delivered');
    await ada.must('DELETE', `/messages/${gone.id}?for=everyone`);
    expect(await root.call('POST', `/admin/webhooks/${hook.webhookId}/deliveries/${goneId}/redeliver`)).toMatchObject({
      status: 409,
      body: { code: 'MESSAGE_DELETED' },
    });
    const page = await root.must('GET', `/admin/webhooks/${hook.webhookId}/deliveries?limit=1`);
    expect(page.items.map((item: Anything) => item.id)).toEqual([goneId]);
    expect(page.nextCursor).not.toBeNull();
    const { items } = await root.must('GET', `/admin/audit?targetId=${hook.webhookId}`);
    expect(items.map(({ action }: Anything) => action)).toEqual([
      'webhook.redeliver',
      'webhook.test',
      'webhook.create',
    ]);
    for (const path of ['', `/${hook.webhookId}/deliveries`])
      expect((await ada.call('GET', `/admin/webhooks${path}`)).status).toBe(404);
    expect(
      (await root.call('POST', `/admin/webhooks/${hook.webhookId}/deliveries/${randomUUID()}/redeliver`)).status,
    ).toBe(404);
    for (const call of [
      ['GET', '/deliveries'],
      ['POST', '/test'],
      ['PATCH', ''],
      ['DELETE', ''],
    ] as const) {
      const answer = await root.call(
        call[0],
        `/admin/webhooks/${randomUUID()}${call[1]}`,
        call[0] === 'GET' ? undefined : {},
      );
      expect([...call, answer.status]).toEqual([...call, 404]);
    }
    const { secret } = await root.must('POST', '/admin/api-keys', { name: 'x', scopes: ['webhooks:write'] });
    const byKey = await fetch(`${story.url}/admin/webhooks`, { headers: { authorization: `Bearer ${secret}` } });
    expect(byKey.status).toBe(200);
    expect(JSON.stringify(await byKey.json())).not.toContain('whsec_');
  });

  it('show of a test that is sent again by hand while it is under way how that goes', async () => {
    const hook = await receiver(['message.created']);
    const requests: ((status: number) => void)[] = [];
    hook.answer = (response) => void requests.push((status) => response.writeHead(status).end());
    const begin = async (): Promise<{ test: Promise<Anything>; id: string }> => {
      const test = root.call('POST', `/admin/webhooks/${hook.webhookId}/test`);
      await until('the test is under way', () => requests.length === 1);
      const id = hook.ids.at(-1) ?? '';
      await root.must('POST', `/admin/webhooks/${hook.webhookId}/deliveries/${id}/redeliver`);
      await until('it is sent again', () => requests.length === 2);
      return { test, id };
    };
    const isDelivered = async (id: string): Promise<boolean> =>
      (await deliveries(hook.webhookId)).some((delivery) => delivery.id === id && delivery.status === 'delivered');
    const first = await begin();
    requests[0]?.(204);
    expect(await first.test).toMatchObject({ status: 200, body: { id: first.id, status: 'pending' } });
    requests[1]?.(204);
    await until('it is delivered', () => isDelivered(first.id));
    requests.splice(0);
    const second = await begin();
    requests[1]?.(204);
    await until('it is delivered', () => isDelivered(second.id));
    requests[0]?.(500);
    const { body } = await second.test;
    expect(body).toMatchObject({ id: second.id, status: 'delivered', responseStatus: 204, error: null });
  });

  it('that are deleted while they are tested are not there', async () => {
    const statuses = new Set<number>();
    for (let round = 0; round < 8; round += 1) {
      const { webhookId } = await receiver(['message.created']);
      const test = () => root.call('POST', `/admin/webhooks/${webhookId}/test`);
      const remove = () => root.call('DELETE', `/admin/webhooks/${webhookId}`);
      const calls = [test, test, test, remove, test, test, test, test];
      for (const { status } of await Promise.all(calls.map((call) => call()))) statuses.add(status);
    }
    expect([...statuses].filter((status) => status >= 500)).toEqual([]);
  });

  it('forget what they were sent about a user who is deleted', async () => {
    const hook = await receiver(['message.created', 'user.deleted']);
    const dan = await story.person('dan');
    await dan.say(await dan.directConversation(bob), 'my secret');
    await hook.next('message.created');
    await until('it is delivered', async () => (await deliveries(hook.webhookId))[0]?.status === 'delivered');
    await dan.must('DELETE', '/users/me');
    await hook.next('user.deleted', ({ user }) => user.id === dan.id);
    expect(await query('SELECT 1 FROM webhook_deliveries WHERE payload LIKE $1', '%my secret%')).toEqual([]);
  });

  it('forget what they were sent about two friends when either of them is deleted', async () => {
    const hook = await receiver(['friend.accepted', 'user.deleted']);
    for (const deleted of ['older', 'newer'] as const) {
      const older = await story.person('older');
      const newer = await story.person('newer');
      await newer.befriend(older);
      await hook.next('friend.accepted', ({ users }) => users.some(({ id }: Anything) => id === newer.id));
      const [delivery] = await deliveries(hook.webhookId);
      const gone = { older, newer }[deleted];
      await gone.must('DELETE', '/users/me');
      await hook.next('user.deleted', ({ user }) => user.id === gone.id);
      const left = await query('SELECT 1 FROM webhook_deliveries WHERE payload LIKE $1', `%${gone.username}%`);
      expect({ deleted, left }).toEqual({ deleted, left: [] });
      const again = await root.call('POST', `/admin/webhooks/${hook.webhookId}/deliveries/${delivery.id}/redeliver`);
      expect({ deleted, status: again.status }).toEqual({ deleted, status: 404 });
    }
  });

  it('show of a user who is being deleted while they are planned what is left of it', async () => {
    const hook = await receiver(['friend.accepted']);
    const [older, newer] = [await story.person('older'), await story.person('newer')];
    const deletion = new pg.Client({ connectionString: story.databaseUrl });
    await deletion.connect();
    try {
      await deletion.query('BEGIN');
      await deletion.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [older.id]);
      const event = `INSERT INTO webhook_events (type, subject_id, user_id) VALUES ('friend.accepted', $1, $2)`;
      await query(event, older.id, newer.id);
      const waiting = `SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      await until('the planner waits', async () => (await query(waiting)).length > 0);
      await deletion.query(`UPDATE users SET display_name = 'Gone' WHERE id = $1`, [older.id]);
      await deletion.query('COMMIT');
      const { data } = await hook.next('friend.accepted');
      expect(data.users).toMatchObject([{ id: older.id, displayName: 'Gone' }, { id: newer.id }]);
    } finally {
      await deletion.end();
    }
  });
});

describe('the mail that a webhook was disabled', () => {
  let story: Story;
  let administrators: Person[] = [];
  let webhookId = '';
  const isDue = async (): Promise<boolean> => {
    const [row] = await story.app
      .get(Database)
      .query<{ isDue: boolean }>('SELECT is_notice_due AS "isDue" FROM webhooks WHERE id = $1', [webhookId]);
    return row?.isDue === true;
  };
  let laterMs = 0;
  /** Those of a process of its own. */
  const notices = (send: Mailer['send']): WebhookNotices => {
    const clock = { now: () => story.app.get(Clock).now() + laterMs } as Clock;
    return new WebhookNotices(story.app.get(WebhookQueueRepository), { send }, clock);
  };
  const disable = async (ago = '0 hours'): Promise<void> => {
    await story.app.get(Database).query(
      `UPDATE webhooks SET disabled_at = now() - $2::interval, disabled_reason = 'FAILING', is_notice_due = true
       WHERE id = $1`,
      [webhookId, ago],
    );
  };

  beforeAll(async () => {
    story = await startStory({ rateLimits: false }, ALLOWED);
    // Sent by the tests alone.
    story.app.get(WebhookNotices).send = () => Promise.resolve();
    const root = await story.person('root');
    administrators = [root, await story.person('amy'), await story.person('zoe')];
    for (const administrator of administrators) await story.grant(administrator, 'ADMIN');
    const body = { url: 'http://127.0.0.1:1/', events: ['user.created'] };
    webhookId = (await root.must('POST', '/admin/webhooks', body)).id;
  });
  afterEach(() => {
    laterMs = 0;
  });
  afterAll(() => story.close());

  it('comes once to each, one after the other, also where another process looks for it meanwhile', async () => {
    const mailed: string[] = [];
    let sending = 0;
    const counts: number[] = [];
    const other = notices(({ to }) => Promise.resolve(void mailed.push(to)));
    await disable();
    await notices(async ({ to }) => {
      sending += 1;
      counts.push(sending);
      await other.send();
      mailed.push(to);
      sending -= 1;
    }).send();
    await other.send();
    expect(mailed.sort()).toEqual(administrators.map(({ email }) => email).sort());
    expect(counts).toEqual([1, 1, 1]);
    expect(await isDue()).toBe(false);
  });

  it('is tried again of those alone whose mailbox refused it, by the process that mailed the others', async () => {
    const [root, amy, zoe] = administrators as [Person, Person, Person];
    const mailed: string[] = [];
    let refuses = true;
    const send = ({ to }: Mail): Promise<void> => {
      if (refuses && to === amy.email) return Promise.reject(new Error('451 try again later'));
      return Promise.resolve(void mailed.push(to));
    };
    const sweep = async (...processes: WebhookNotices[]): Promise<void> => {
      for (const process of processes) await process.send();
    };
    const [one, other] = [notices(send), notices(send)];
    await disable();
    await sweep(one, other);
    refuses = false;
    await sweep(one, other);
    expect(mailed.sort()).toEqual([root.email, zoe.email].sort());
    laterMs = 11 * 60_000;
    await sweep(other, one, one);
    expect(mailed.slice(2)).toEqual([amy.email]);
    // One that was enabled meanwhile is not disabled any more.
    refuses = true;
    laterMs = 0;
    await disable();
    await sweep(one);
    await story.app
      .get(Database)
      .query('UPDATE webhooks SET disabled_at = NULL, disabled_reason = NULL WHERE id = $1', [webhookId]);
    refuses = false;
    laterMs = 11 * 60_000;
    await sweep(one);
    expect(mailed.slice(3).sort()).toEqual([root.email, zoe.email].sort());
  });

  it('is not tried every minute where it cannot be given back', async () => {
    const queue = story.app.get(WebhookQueueRepository);
    let [tried, refuses] = [0, true];
    const one = notices(() => {
      tried += 1;
      return refuses ? Promise.reject(new Error('no mail today')) : Promise.resolve();
    });
    await disable();
    queue.returnNotice = () => Promise.reject(new Error('no database today'));
    try {
      await expect(one.send()).rejects.toThrow('no database today');
    } finally {
      queue.returnNotice = WebhookQueueRepository.prototype.returnNotice;
    }
    await one.send();
    expect(tried).toBe(3);
    refuses = false;
    laterMs = 11 * 60_000;
    await one.send();
    expect(tried).toBe(6);
    await one.send();
    expect(tried).toBe(6);
  });

  it('is left to another process by one that stops', async () => {
    const mailed: string[] = [];
    const send = ({ to }: Mail): Promise<void> => Promise.resolve(void mailed.push(to));
    await disable();
    await notices(send).send(() => mailed.length > 0);
    expect(mailed).toHaveLength(1);
    expect(await isDue()).toBe(true);
    await notices(send).send();
    expect(new Set(mailed).size).toBe(3);
    expect(await isDue()).toBe(false);
  });

  it('is left to another process by one that ends while a mail server does not answer', async () => {
    await disable();
    const waiting = notices(() => new Promise<void>(() => undefined));
    void waiting.send();
    await until('it is claimed', async () => !(await isDue()));
    await waiting.giveBackAll();
    expect(await isDue()).toBe(true);
  });

  it('is tried again for a day where nobody could be mailed', async () => {
    const mailed: string[] = [];
    const fail = (): Promise<never> => Promise.reject(new Error('no mail today'));
    const send = ({ to }: Mail): Promise<void> => Promise.resolve(void mailed.push(to));
    await disable('23 hours');
    await notices(fail).send();
    expect(await isDue()).toBe(true);
    await notices(send).send();
    expect(mailed).toHaveLength(3);
    await disable('25 hours');
    await notices(fail).send();
    expect(await isDue()).toBe(false);
    // One that no process lived to mail is late, and not lost.
    await disable('25 hours');
    await notices(send).send();
    expect(mailed).toHaveLength(6);
  });
});

describe('webhooks of several processes', () => {
  it('are sent by one of them, and what one that died was sending by the other', async () => {
    const one = await startStory({ rateLimits: false }, ALLOWED);
    const other = await startStory({ rateLimits: false, databaseUrl: one.databaseUrl }, ALLOWED);
    const hook = await WebhookReceiver.start();
    try {
      const [root, ada, bob] = [await one.person('root'), await one.person('ada'), await one.person('bob')];
      await one.grant(root, 'ADMIN');
      const { id, secret } = await root.must('POST', '/admin/webhooks', {
        url: hook.url,
        events: ['message.created', 'user.created'],
      });
      hook.secret = secret;
      const direct = await ada.directConversation(bob);
      for (let count = 0; count < 30; count += 1) {
        await ada.say(direct, `${count}`);
        if (count % 3 === 0) await other.person('crowd');
      }
      // The same may come twice, under its id.
      const idsOf = (type: string): number => new Set(hook.ofType(type).map(({ id: received }) => received)).size;
      await until('all of it is received', () => idsOf('message.created') >= 30 && idsOf('user.created') >= 10);
      expect([idsOf('message.created'), idsOf('user.created')]).toEqual([30, 10]);
      const timesOfFirst = (): number => hook.ids.filter((received) => received === hook.ids[0]).length;
      await until('the first is noted', async () => {
        const { items } = await root.must('GET', `/admin/webhooks/${id}/deliveries?limit=100`);
        return items.some((delivery: Anything) => delivery.id === hook.ids[0] && delivery.status === 'delivered');
      });
      const before = timesOfFirst();
      // As a process leaves it that was killed while it sent.
      await one.app.get(Database).query(
        `UPDATE webhook_deliveries SET delivered_at = NULL, lease_id = gen_random_uuid(), next_at = now() + interval '1 second'
         WHERE id = $1`,
        [hook.ids[0] ?? ''],
      );
      await until('it is sent again', () => timesOfFirst() > before);
      expect((await root.must('GET', `/admin/webhooks/${id}/deliveries`)).items).not.toHaveLength(0);
    } finally {
      await other.close();
      await one.close();
      await hook.close();
    }
  });
});
