import { Configuration } from '../../src/config/configuration.js';
import { Database } from '../../src/database/database.js';
import { WEBHOOK_EVENTS } from '../../src/integrations/webhooks/webhook-events.js';
import { type Mail, Mailer } from '../../src/mail/mailer.js';
import { type Anything, type Person, startStory, type Story } from './story.js';
import { WebhookReceiver } from './servers/webhook-receiver.js';

/** Receivers are on the machine of the tests. */
export const RECEIVERS_ALLOWED = { WEBHOOK_ALLOWED_HOSTS: '127.0.0.1', LINK_PREVIEWS: 'off' };

/** A server that retries sooner than in production, an administrator who adds webhooks, and two who write. */
export class WebhookStory {
  /** What the server has mailed. */
  readonly mails: Mail[] = [];
  private readonly receivers: WebhookReceiver[] = [];
  private readonly webhookIds: string[] = [];

  private constructor(
    readonly story: Story,
    readonly root: Person,
    readonly ada: Person,
    readonly bob: Person,
  ) {}

  static async start(): Promise<WebhookStory> {
    const story = await startStory({ rateLimits: false }, RECEIVERS_ALLOWED);
    Object.assign(story.app.get(Configuration).timings, {
      webhookPlanPauseMs: 10,
      webhookRetryMs: 0.5,
      webhookRestMs: 100,
      webhookBreakMs: 20,
      webhookRequestMs: 60_000,
    });
    const [root, ada, bob] = await Promise.all([story.person('root'), story.person('ada'), story.person('bob')]);
    await story.grant(root, 'ADMIN');
    const webhooks = new WebhookStory(story, root, ada, bob);
    story.app.get(Mailer, { strict: false }).send = (mail: Mail) => Promise.resolve(void webhooks.mails.push(mail));
    return webhooks;
  }

  /** A receiver that no webhook leads to yet. */
  async listen(): Promise<WebhookReceiver> {
    const receiver = await WebhookReceiver.start();
    this.receivers.push(receiver);
    return receiver;
  }

  /** A receiver and the webhook that leads to it. */
  async receiver(events: readonly string[] = WEBHOOK_EVENTS): Promise<WebhookReceiver & { webhookId: string }> {
    const receiver = await this.listen();
    const { id, secret } = await this.root.must('POST', '/admin/webhooks', { url: receiver.url, events });
    this.webhookIds.push(id);
    receiver.secret = secret;
    return Object.assign(receiver, { webhookId: id as string });
  }

  /** The webhook as an administrator sees it. */
  async find(id: string): Promise<Anything> {
    return (await this.root.must('GET', '/admin/webhooks')).items.find((item: Anything) => item.id === id);
  }

  /** The newest deliveries of a webhook, as an administrator sees them. */
  async deliveries(id: string): Promise<Anything[]> {
    return (await this.root.must('GET', `/admin/webhooks/${id}/deliveries`)).items;
  }

  query(sql: string, ...parameters: string[]): Promise<Anything[]> {
    return this.story.app.get(Database).query(sql, parameters);
  }

  /** Deletes the webhooks of a test and ends their receivers. */
  async clear(): Promise<void> {
    for (const id of this.webhookIds.splice(0)) await this.root.call('DELETE', `/admin/webhooks/${id}`);
    await Promise.all(this.receivers.splice(0).map((receiver) => receiver.close()));
  }

  close(): Promise<void> {
    return this.story.close();
  }
}
