import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Audit } from '../../audit/audit.js';
import type { AuditAction } from '../../audit/audit-entry.js';
import { Clock } from '../../common/clock.js';
import { DomainError } from '../../common/errors.js';
import { newId } from '../../common/identifier.js';
import { decodeCursor, isUuidText, type Page, type PageQuery, pageOf } from '../../common/pagination.js';
import type { Principal } from '../../common/access/principal.js';
import { Configuration } from '../../config/configuration.js';
import { Database, type Transaction } from '../../database/database.js';
import { pagesById, PersonalData } from '../../users/personal-data/personal-data.js';
import type { CreateWebhookDto, UpdateWebhookDto } from './dto/webhooks.dto.js';
import { WebhookPlanner } from './planning/webhook-planner.js';
import { newSigningSecret } from './sending/signature.js';
import { WebhookPoster } from './sending/webhook-poster.js';
import { WebhookSender } from './sending/webhook-sender.js';
import { TEST_EVENT } from './webhook-events.js';
import { webhookTarget } from './webhook-target.js';
import { WebhooksRepository } from './webhooks.repository.js';
import {
  deliveryView,
  type NewWebhookView,
  type WebhookDeliveryView,
  type WebhookView,
  webhookView,
} from './webhooks.view.js';

export const MAX_WEBHOOKS = 50;

/** Webhooks, as administrators make, watch and mend them (contract, section 9). */
@Injectable()
export class Webhooks implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly repository: WebhooksRepository,
    private readonly poster: WebhookPoster,
    private readonly planner: WebhookPlanner,
    private readonly sender: WebhookSender,
    private readonly audit: Audit,
    private readonly configuration: Configuration,
    private readonly clock: Clock,
    private readonly personalData: PersonalData,
  ) {}

  onModuleInit(): void {
    this.personalData.register({
      name: 'webhooks',
      export: (userId) => pagesById((after) => this.repository.export(userId, after)),
      erase: async (transaction, userId) => {
        await this.repository.forgetUser(transaction, userId);
        return undefined;
      },
    });
  }

  /** The secret is in the answer, and nowhere else. @throws DomainError VALIDATION_FAILED (`url`), LIMIT_REACHED */
  async create(principal: Principal, body: CreateWebhookDto, ip: string | undefined): Promise<NewWebhookView> {
    const url = await webhookTarget(body.url, this.configuration.webhookAllowedHosts);
    const secret = newSigningSecret();
    const webhook = { id: newId(), url, events: [...new Set(body.events)], secret, createdBy: principal.userId };
    const row = await this.database.transaction(async (transaction) => {
      const added = await this.repository.add(transaction, webhook, MAX_WEBHOOKS);
      if (added === undefined) throw new DomainError('LIMIT_REACHED');
      await this.record(transaction, principal, 'webhook.create', webhook.id, ip, {
        url,
        events: webhook.events.join(' '),
      });
      return added;
    });
    this.planner.changed();
    return { ...webhookView(row), secret };
  }

  /** The newest first. */
  async list({ cursor, limit }: PageQuery): Promise<Page<WebhookView>> {
    const [before] = decodeCursor<[string]>(cursor, [isUuidText]) ?? [null];
    const rows = await this.repository.list(before, limit + 1);
    return pageOf(rows, limit, ({ id }) => [id], webhookView);
  }

  /** @throws DomainError NOT_FOUND, VALIDATION_FAILED (`url`) */
  async update(
    principal: Principal,
    id: string,
    { url: given, events, enabled }: UpdateWebhookDto,
    ip: string | undefined,
  ): Promise<WebhookView> {
    const url = given === undefined ? undefined : await webhookTarget(given, this.configuration.webhookAllowedHosts);
    const row = await this.database.transaction(async (transaction) => {
      const changed = await this.repository.change(transaction, id, {
        url,
        events: events === undefined ? undefined : [...new Set(events)],
        enabled,
      });
      if (changed === undefined) throw new DomainError('NOT_FOUND');
      await this.record(transaction, principal, 'webhook.update', id, ip, {
        url: changed.url,
        events: changed.events.join(' '),
        enabled: changed.disabledAt === null,
      });
      return changed;
    });
    this.planner.changed();
    this.sender.changed(id);
    return webhookView(row);
  }

  /**
   * Another secret, which is in the answer and nowhere else. For 24 hours what is sent is signed with the former one too, so that a
   * receiver may change over when it likes. @throws DomainError NOT_FOUND, LIMIT_REACHED
   */
  async rotateSecret(principal: Principal, id: string, ip: string | undefined): Promise<NewWebhookView> {
    const secret = newSigningSecret();
    const row = await this.database.transaction(async (transaction) => {
      const rotated = await this.repository.rotateSecret(transaction, id, secret);
      if (rotated === undefined) throw new DomainError('NOT_FOUND');
      if (rotated === 'FULL') throw new DomainError('LIMIT_REACHED');
      await this.record(transaction, principal, 'webhook.rotate_secret', id, ip, { url: rotated.url });
      return rotated;
    });
    return { ...webhookView(row), secret };
  }

  /** What waits for it is not sent any more. @throws DomainError NOT_FOUND */
  async remove(principal: Principal, id: string, ip: string | undefined): Promise<void> {
    await this.database.transaction(async (transaction) => {
      const url = await this.repository.remove(transaction, id);
      if (url === undefined) throw new DomainError('NOT_FOUND');
      await this.record(transaction, principal, 'webhook.delete', id, ip, { url });
    });
  }

  /** Sends a test at once, also where the webhook is disabled, and answers how it went. @throws DomainError NOT_FOUND */
  async test(principal: Principal, id: string, ip: string | undefined): Promise<WebhookDeliveryView> {
    const webhook = await this.repository.find(id);
    if (webhook === undefined) throw new DomainError('NOT_FOUND');
    const timestamp = new Date(this.clock.now()).toISOString();
    const delivery = {
      id: newId(),
      webhookId: id,
      type: TEST_EVENT,
      payload: JSON.stringify({ type: TEST_EVENT, timestamp, data: { webhookId: id } }),
    };
    await this.database.transaction(async (transaction) => {
      if (!(await this.repository.addTest(transaction, delivery))) throw new DomainError('NOT_FOUND');
      await this.record(transaction, principal, 'webhook.test', id, ip, { url: webhook.url });
    });
    const { url, secrets } = webhook;
    const result = await this.poster.post({ url, secrets, id: delivery.id, payload: delivery.payload });
    const row = await this.repository.noteTest({ id: delivery.id, url }, result);
    if (row === undefined) throw new DomainError('NOT_FOUND');
    return deliveryView(row);
  }

  /** What was sent, or is to be, the newest first. @throws DomainError NOT_FOUND */
  async deliveries(id: string, { cursor, limit }: PageQuery): Promise<Page<WebhookDeliveryView>> {
    const [before] = decodeCursor<[string]>(cursor, [isUuidText]) ?? [null];
    if ((await this.repository.find(id)) === undefined) throw new DomainError('NOT_FOUND');
    const rows = await this.repository.deliveries(id, before, limit + 1);
    return pageOf(rows, limit, (row) => [row.id], deliveryView);
  }

  /**
   * Sends one again, under its own id, as if it had never been.
   * @throws DomainError NOT_FOUND, MESSAGE_DELETED (it would repeat what is gone)
   */
  async redeliver(
    principal: Principal,
    webhookId: string,
    id: string,
    ip: string | undefined,
  ): Promise<WebhookDeliveryView> {
    const row = await this.database.transaction(async (transaction) => {
      if (await this.repository.isOfDeletedMessage(transaction, webhookId, id))
        throw new DomainError('MESSAGE_DELETED');
      const found = await this.repository.redeliver(transaction, webhookId, id);
      if (found === undefined) throw new DomainError('NOT_FOUND');
      await this.record(transaction, principal, 'webhook.redeliver', webhookId, ip, { deliveryId: id });
      return found;
    });
    this.sender.wake();
    return deliveryView(row);
  }

  private record(
    transaction: Transaction,
    { userId, keyId }: Principal,
    action: AuditAction,
    targetId: string,
    ip: string | undefined,
    details: Readonly<Record<string, string | boolean>>,
  ): Promise<void> {
    return this.audit.record(transaction, {
      actorId: userId,
      action,
      targetType: 'webhook',
      targetId,
      ip,
      details: { ...details, ...(keyId === undefined ? {} : { apiKeyId: keyId }) },
    });
  }
}
