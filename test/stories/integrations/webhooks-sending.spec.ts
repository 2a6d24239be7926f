import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Configuration } from '../../../src/config/configuration.js';
import { Database } from '../../../src/database/database.js';
import { WebhookQueueRepository } from '../../../src/integrations/webhooks/sending/webhook-queue.repository.js';
import { WebhookSender } from '../../../src/integrations/webhooks/sending/webhook-sender.js';
import { type Anything, type Person, startStory, type Story, until } from '../../support/story.js';
import { WebhookReceiver } from '../../support/servers/webhook-receiver.js';
import { RECEIVERS_ALLOWED, WebhookStory } from '../../support/webhook-story.js';

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

  it('are signed with the former secret too for a day after it was changed, and with no other', async () => {
    const hook = await webhooks.receiver(['message.created']);
    const original = hook.secret ?? '';
    const rotate = (): Promise<Anything> => root.call('POST', `/admin/webhooks/${hook.webhookId}/rotate-secret`);
    const { secret } = (await rotate()).body;
    expect(secret).toMatch(/^whsec_/);
    expect(secret).not.toBe(original);
    expect(JSON.stringify(await webhooks.find(hook.webhookId))).not.toContain('whsec_');
    const group = await ada.group('Trip', bob);
    const receive = async (content: string): Promise<void> => {
      await ada.send(group, content);
      await hook.next('message.created', ({ message }) => message.content === content);
    };
    for (const known of [original, secret]) {
      hook.secret = known;
      await receive(`known by ${known === secret ? 'the new' : 'the former'} secret`);
      expect((await root.must('POST', `/admin/webhooks/${hook.webhookId}/test`)).status).toBe('delivered');
    }
    expect(hook.forged).toBe(0);
    await webhooks.query(`UPDATE webhook_former_secrets SET signs_until = now() WHERE webhook_id = $1`, hook.webhookId);
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

  it('are tried again under the same id until they are taken', async () => {
    const hook = await webhooks.receiver(['message.created']);
    let refusals = 4;
    hook.answer = (response) => response.writeHead(refusals-- > 0 ? 500 : 200).end();
    const { id } = await ada.send(await ada.directConversation(bob), 'again');
    await until('it is taken', async () => (await webhooks.deliveries(hook.webhookId))[0]?.status === 'delivered');
    expect(hook.received).toHaveLength(5);
    expect(new Set(hook.ids).size).toBe(1);
    expect(hook.forged).toBe(0);
    expect(hook.received.every(({ data }) => data.message.id === id)).toBe(true);
    expect(await webhooks.deliveries(hook.webhookId)).toMatchObject([
      { id: hook.ids[0], type: 'message.created', attempts: 5, responseStatus: 200, error: null, nextAttemptAt: null },
    ]);
    expect((await webhooks.find(hook.webhookId)).failingSince).toBeNull();
  });

  it('that failed are not sent again once their message is gone', async () => {
    const hook = await webhooks.receiver(['message.created']);
    let fail = (): void => undefined;
    hook.answer = (response) => {
      fail = () => response.writeHead(500).end();
      response.on('error', () => undefined);
    };
    const { id } = await ada.send(await ada.directConversation(bob), 'said in haste');
    await hook.next('message.created');
    await ada.must('DELETE', `/messages/${id}?for=everyone`);
    fail();
    await until('it is given up', async () => (await webhooks.deliveries(hook.webhookId))[0]?.status === 'failed');
    expect(hook.received).toHaveLength(1);
    expect(await webhooks.deliveries(hook.webhookId)).toMatchObject([
      { attempts: 1, error: 'the message is gone', responseStatus: null, nextAttemptAt: null },
    ]);
  });

  it('that failed are sent again without what they quote once that is gone', async () => {
    const hook = await webhooks.receiver(['message.created']);
    const direct = await ada.directConversation(bob);
    const quoted = await ada.send(direct, 'said in haste');
    await until('it is delivered', async () => (await webhooks.deliveries(hook.webhookId))[0]?.status === 'delivered');
    let fail = (): void => undefined;
    hook.answer = (response) => {
      fail = () => response.writeHead(500).end();
      response.on('error', () => undefined);
    };
    const { id } = await bob.send(direct, 'why?', { replyToId: quoted.id });
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
    const [slow, quick] = [await webhooks.receiver(['message.created']), await webhooks.receiver(['message.created'])];
    slow.answer = (response) => slow.hold(response);
    const direct = await ada.directConversation(bob);
    for (let count = 0; count < 40; count += 1) await ada.send(direct, `${count}`);
    await until('the other has all', () => quick.received.length === 40);
    expect(slow.received.length).toBeLessThanOrEqual(8);
  });

  it('of a receiver that rests since it failed are sent at once where its webhook is changed', async () => {
    const { timings } = story.app.get(Configuration);
    const { webhookBreakMs } = timings;
    timings.webhookBreakMs = 3_600_000;
    try {
      const hook = await webhooks.receiver(['message.created']);
      let fails = true;
      hook.answer = (response) => response.writeHead(fails ? 500 : 204).end();
      const direct = await ada.directConversation(bob);
      for (let count = 0; count < 8; count += 1) await ada.send(direct, `${count}`);
      await until('it rests, and nothing is under way', async () => {
        const failed = (await webhooks.deliveries(hook.webhookId)).reduce((sum, { attempts }) => sum + attempts, 0);
        return failed >= 3 && failed === hook.received.length;
      });
      fails = false;
      await root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { url: hook.url });
      const delivered = async (): Promise<number> =>
        (await webhooks.deliveries(hook.webhookId)).filter(({ status }) => status === 'delivered').length;
      await until('it has all', async () => (await delivered()) === 8);
      expect(new Set(hook.ids).size).toBe(8);
    } finally {
      timings.webhookBreakMs = webhookBreakMs;
    }
  });

  it('are looked at no sooner than a pause of their receiver ends, whatever is due for it', async () => {
    const hook = await webhooks.receiver(['message.created']);
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
      for (let n = 0; n < 3; n += 1) await ada.send(direct, `${n}`);
      const pausedUntil = (): number => receivers.get(hook.webhookId)?.pausedUntil ?? 0;
      await until('its receiver is given a pause', () => pausedUntil() > performance.now());
      await webhooks.query(
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

  it('that cannot be counted do not keep old ones from being deleted', async () => {
    const hook = await webhooks.receiver(['message.created']);
    await ada.send(await ada.directConversation(bob), 'old');
    await until('it is delivered', async () => (await webhooks.deliveries(hook.webhookId))[0]?.status === 'delivered');
    await webhooks.query(
      `UPDATE webhook_deliveries SET created_at = now() - interval '15 days' WHERE webhook_id = $1`,
      hook.webhookId,
    );
    const queue = story.app.get(WebhookQueueRepository);
    queue.overfull = () => Promise.reject(new Error('it takes too long'));
    try {
      const sender: { sweepNow(): Promise<void> } = story.app.get(WebhookSender);
      await sender.sweepNow();
      expect(await webhooks.deliveries(hook.webhookId)).toEqual([]);
    } finally {
      queue.overfull = WebhookQueueRepository.prototype.overfull;
    }
  });

  it('follow no redirect, and reach nothing inside', async () => {
    const inside = await webhooks.listen();
    const hook = await webhooks.receiver(['message.created']);
    hook.answer = (response) => response.writeHead(302, { location: inside.url }).end();
    await ada.send(await ada.directConversation(bob), 'elsewhere');
    await until('it failed', async () => (await webhooks.deliveries(hook.webhookId))[0]?.error === 'status 302');
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
    await webhooks.query(`UPDATE webhooks SET url = 'https://10.0.0.1/' WHERE id = $1`, hook.webhookId);
    const test = await root.must('POST', `/admin/webhooks/${hook.webhookId}/test`);
    expect(test).toMatchObject({ status: 'failed', error: 'an address that is not public', responseStatus: null });
    await webhooks.query(`UPDATE webhooks SET url = 'https://localhost/' WHERE id = $1`, hook.webhookId);
    expect((await root.must('POST', `/admin/webhooks/${hook.webhookId}/test`)).error).toBe(
      'an address that is not public',
    );
  });

  it('can be tested, seen and sent again by hand, by who may', async () => {
    const hook = await webhooks.receiver(['message.created']);
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
    await ada.send(await ada.directConversation(bob), 'once more');
    const { id } = await hook.next('message.created');
    await until('it is delivered', async () => (await webhooks.deliveries(hook.webhookId))[0]?.status === 'delivered');
    const again = await root.call('POST', `/admin/webhooks/${hook.webhookId}/deliveries/${id}/redeliver`);
    expect([again.status, again.body.status]).toEqual([202, 'pending']);
    await until('it comes again', () => hook.ids.filter((other) => other === id).length === 2);
    // What is gone is not repeated.
    const gone = await ada.send(await ada.directConversation(bob), 'to be deleted');
    const { id: goneId } = await hook.next('message.created', ({ message }) => message.id === gone.id);
    await until('it is delivered', async () => (await webhooks.deliveries(hook.webhookId))[0]?.status === 'delivered');
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
    const hook = await webhooks.receiver(['message.created']);
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
      (await webhooks.deliveries(hook.webhookId)).some(
        (delivery) => delivery.id === id && delivery.status === 'delivered',
      );
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
      const { webhookId } = await webhooks.receiver(['message.created']);
      const test = () => root.call('POST', `/admin/webhooks/${webhookId}/test`);
      const remove = () => root.call('DELETE', `/admin/webhooks/${webhookId}`);
      const calls = [test, test, test, remove, test, test, test, test];
      for (const { status } of await Promise.all(calls.map((call) => call()))) statuses.add(status);
    }
    expect([...statuses].filter((status) => status >= 500)).toEqual([]);
  });

  it('forget what they were sent about a user who is deleted', async () => {
    const hook = await webhooks.receiver(['message.created', 'user.deleted']);
    const dan = await story.person('dan');
    await dan.send(await dan.directConversation(bob), 'my secret');
    await hook.next('message.created');
    await until('it is delivered', async () => (await webhooks.deliveries(hook.webhookId))[0]?.status === 'delivered');
    await dan.must('DELETE', '/users/me');
    await hook.next('user.deleted', ({ user }) => user.id === dan.id);
    expect(await webhooks.query('SELECT 1 FROM webhook_deliveries WHERE payload LIKE $1', '%my secret%')).toEqual([]);
  });

  it('forget what they were sent about two friends when either of them is deleted', async () => {
    const hook = await webhooks.receiver(['friend.accepted', 'user.deleted']);
    for (const deleted of ['older', 'newer'] as const) {
      const older = await story.person('older');
      const newer = await story.person('newer');
      await newer.befriend(older);
      await hook.next('friend.accepted', ({ users }) => users.some(({ id }: Anything) => id === newer.id));
      const [delivery] = await webhooks.deliveries(hook.webhookId);
      const gone = { older, newer }[deleted];
      await gone.must('DELETE', '/users/me');
      await hook.next('user.deleted', ({ user }) => user.id === gone.id);
      const left = await webhooks.query('SELECT 1 FROM webhook_deliveries WHERE payload LIKE $1', `%${gone.username}%`);
      expect({ deleted, left }).toEqual({ deleted, left: [] });
      const again = await root.call('POST', `/admin/webhooks/${hook.webhookId}/deliveries/${delivery.id}/redeliver`);
      expect({ deleted, status: again.status }).toEqual({ deleted, status: 404 });
    }
  });
});

describe('webhooks of several processes', () => {
  it('are sent by one of them, and what one that died was sending by the other', async () => {
    const one = await startStory({ rateLimits: false }, RECEIVERS_ALLOWED);
    const other = await startStory({ rateLimits: false, databaseUrl: one.databaseUrl }, RECEIVERS_ALLOWED);
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
        await ada.send(direct, `${count}`);
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
