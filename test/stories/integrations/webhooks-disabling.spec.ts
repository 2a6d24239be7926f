import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { Clock } from '../../../src/common/clock.js';
import { Database } from '../../../src/database/database.js';
import { forgetPastDeliveries } from '../../../src/integrations/webhooks/forgotten-past.repository.js';
import { WebhookNotices } from '../../../src/integrations/webhooks/sending/webhook-notices.js';
import { WebhookQueueRepository } from '../../../src/integrations/webhooks/sending/webhook-queue.repository.js';
import { type Mail, Mailer } from '../../../src/mail/mailer.js';
import { type Anything, type Person, startStory, type Story, until } from '../../support/story.js';
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

  it('end with a receiver that is gone, and administrators are mailed', async () => {
    const hook = await webhooks.receiver(['message.created']);
    hook.answer = (response) => response.writeHead(410).end();
    const direct = await ada.directConversation(bob);
    await ada.send(direct, 'to nobody');
    await until('it is disabled', async () => !(await webhooks.find(hook.webhookId)).enabled);
    expect((await webhooks.find(hook.webhookId)).disabledReason).toBe('GONE');
    await until('the administrator is mailed', () =>
      webhooks.mails.some(({ to, text }) => to === root.email && text.includes('127.0.0.1')),
    );
    expect((await webhooks.deliveries(hook.webhookId))[0]).toMatchObject({ status: 'failed', responseStatus: 410 });
    const { items } = await root.must('GET', `/admin/audit?targetId=${hook.webhookId}`);
    expect(items.map(({ action, actorId }: Anything) => [action, actorId])).toEqual([
      ['webhook.disable', null],
      ['webhook.create', root.id],
    ]);
  });

  it('that lead elsewhere by now are not judged by what their former receiver answers', async () => {
    const hook = await webhooks.receiver(['message.created']);
    const present = await webhooks.listen();
    const answers: (() => void)[] = [];
    const statuses = [410, 503];
    hook.answer = (response) => {
      const status = statuses[answers.length] ?? 500;
      answers.push(() => response.writeHead(status).end());
    };
    present.answer = (response) => present.hold(response);
    const direct = await ada.directConversation(bob);
    for (const content of ['one', 'two']) await ada.send(direct, content);
    await until('both are under way', () => answers.length === 2);
    await root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { url: present.url });
    for (const answer of answers) answer();
    const errors = async (): Promise<string[]> =>
      (await webhooks.deliveries(hook.webhookId)).map(({ error }) => error).sort();
    await until('both are noted', async () => (await errors()).join() === 'status 410,status 503');
    expect(await webhooks.find(hook.webhookId)).toMatchObject({ enabled: true, url: present.url, failingSince: null });
    await until('the present receiver is sent both', () => new Set(present.ids).size === 2);
    expect(hook.received).toHaveLength(2);
  });

  it('that fail are not healthy by what their former receiver takes', async () => {
    const hook = await webhooks.receiver(['message.created']);
    let answer: (() => void) | undefined;
    hook.answer = (response) => {
      answer = () => response.writeHead(204).end();
    };
    await ada.send(await ada.directConversation(bob), 'to the former one');
    await until('it is under way', () => answer !== undefined);
    await root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { url: `${hook.url}/elsewhere` });
    await webhooks.query('UPDATE webhooks SET failing_since = now() WHERE id = $1', hook.webhookId);
    answer?.();
    await until('it is delivered', async () => (await webhooks.deliveries(hook.webhookId))[0]?.status === 'delivered');
    expect((await webhooks.find(hook.webhookId)).failingSince).not.toBeNull();
  });

  it('that are led elsewhere are given time as new ones are', async () => {
    const hook = await webhooks.receiver(['message.created']);
    await webhooks.query(
      `UPDATE webhooks SET failing_since = now() - interval '119 hours' WHERE id = $1`,
      hook.webhookId,
    );
    const lead = (url: string): Promise<Anything> => root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { url });
    expect((await lead(hook.url)).failingSince).not.toBeNull();
    expect((await lead(`${hook.url}/elsewhere`)).failingSince).toBeNull();
  });

  it('that lead elsewhere while their receiver is noted as gone stay enabled, and keep what it was sent', async () => {
    const hook = await webhooks.receiver(['message.created']);
    const present = await webhooks.listen();
    hook.answer = (response) => response.writeHead(410).end();
    const queue = story.app.get(WebhookQueueRepository);
    let disabled: unknown = 'not tried';
    queue.disable = async (...parameters) => {
      await root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { url: present.url });
      disabled = await WebhookQueueRepository.prototype.disable.apply(queue, parameters);
      return disabled as string | undefined;
    };
    try {
      const { id } = await ada.send(await ada.directConversation(bob), 'to the former one');
      await until('it was to be disabled', () => disabled !== 'not tried');
      expect(disabled).toBeUndefined();
      expect((await webhooks.find(hook.webhookId)).enabled).toBe(true);
      expect((await present.next('message.created')).data.message.id).toBe(id);
    } finally {
      queue.disable = WebhookQueueRepository.prototype.disable;
    }
  });

  it('that are enabled again before a 410 is noted send again what was answered by it', async () => {
    const hook = await webhooks.receiver(['message.created']);
    hook.answer = (response) => response.writeHead(hook.received.length === 1 ? 410 : 204).end();
    const queue = story.app.get(WebhookQueueRepository);
    queue.failed = async (...parameters) => {
      await root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { enabled: true });
      return WebhookQueueRepository.prototype.failed.apply(queue, parameters);
    };
    try {
      await ada.send(await ada.directConversation(bob), 'to who is back');
      await until(
        'it is delivered',
        async () => (await webhooks.deliveries(hook.webhookId))[0]?.status === 'delivered',
      );
      expect((await webhooks.find(hook.webhookId)).enabled).toBe(true);
    } finally {
      queue.failed = WebhookQueueRepository.prototype.failed;
    }
  });

  it('are disabled by five days of failure, and not before', async () => {
    const hook = await webhooks.receiver(['message.created']);
    hook.answer = (response) => response.writeHead(503).end();
    const direct = await ada.directConversation(bob);
    await ada.send(direct, 'one');
    await until('it fails', async () => (await webhooks.find(hook.webhookId)).failingSince !== null);
    await webhooks.query(
      `UPDATE webhooks SET failing_since = now() - interval '119 hours' WHERE id = $1`,
      hook.webhookId,
    );
    const attempts = hook.received.length;
    await until('it was tried again', () => hook.received.length > attempts + 1);
    expect((await webhooks.find(hook.webhookId)).enabled).toBe(true);
    await webhooks.query(
      `UPDATE webhooks SET failing_since = now() - interval '121 hours' WHERE id = $1`,
      hook.webhookId,
    );
    await ada.send(direct, 'two');
    await until('it is disabled', async () => (await webhooks.find(hook.webhookId)).disabledReason === 'FAILING');
  });

  it('are not disabled by one failure alone, however long ago there was another one', async () => {
    const hook = await webhooks.receiver(['message.created']);
    hook.answer = (response) => response.writeHead(503).end();
    await webhooks.query(
      `UPDATE webhooks SET failing_since = now() - interval '121 hours' WHERE id = $1`,
      hook.webhookId,
    );
    await ada.send(await ada.directConversation(bob), 'one');
    await until('it is disabled', async () => (await webhooks.find(hook.webhookId)).disabledReason === 'FAILING');
    expect((await webhooks.deliveries(hook.webhookId))[0].attempts).toBeGreaterThan(1);
  });

  it('fail no more once their receiver takes a test, or a backup was restored', async () => {
    const hook = await webhooks.receiver(['message.created']);
    const fail = (): Promise<unknown> =>
      webhooks.query(`UPDATE webhooks SET failing_since = now() - interval '119 hours' WHERE id = $1`, hook.webhookId);
    const failingSince = async (): Promise<unknown> => (await webhooks.find(hook.webhookId)).failingSince;
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
    const hook = await webhooks.receiver(['message.created']);
    const answers: (() => void)[] = [];
    hook.answer = (response) => void answers.push(() => response.writeHead(204).end());
    const direct = await ada.directConversation(bob);
    const overfull = async (): Promise<boolean> =>
      (await story.app.get(WebhookQueueRepository).overfull(2)).includes(hook.webhookId);
    const sendText = async (count: number): Promise<void> => {
      const expected = answers.length + count;
      for (let index = 0; index < count; index += 1) await ada.send(direct, `${index}`);
      await until('they wait for an answer', () => answers.length === expected);
    };
    await sendText(3);
    expect(await overfull()).toBe(true);
    for (const enabled of [false, true]) await root.must('PATCH', `/admin/webhooks/${hook.webhookId}`, { enabled });
    expect(await overfull()).toBe(false);
    await sendText(2);
    expect(await overfull()).toBe(false);
    await sendText(1);
    expect(await overfull()).toBe(true);
    for (const answer of answers) answer();
    await until('all are sent', async () =>
      (await webhooks.deliveries(hook.webhookId)).every(({ status }) => status === 'delivered'),
    );
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
    story = await startStory({ rateLimits: false }, RECEIVERS_ALLOWED);
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
