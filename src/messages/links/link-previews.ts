import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { PageReader } from '../../attachments/previews/page-reader.js';
import { AttachmentsService } from '../../attachments/attachments.service.js';
import { UploadsService } from '../../attachments/uploads/uploads.service.js';
import { KeyedSemaphore } from '../../common/async/keyed-semaphore.js';
import { DomainError } from '../../common/errors.js';
import type { Principal } from '../../common/access/principal.js';
import { Configuration } from '../../config/configuration.js';
import { EventBus } from '../../events/event-bus.js';
import { RateLimiter } from '../../limits/rates/rate-limiter.js';
import { ChangedMessages } from '../changes/changed-messages.js';
import type { MessageView } from '../../views/messages.view.js';
import { firstLink } from './first-link.js';
import { LinkPreviewsRepository } from './link-previews.repository.js';

/** Pages read at once, by all users and by one; a message that waits longer, or beyond so many, gets no preview. */
const MAX_CONCURRENT = 4;
const MAX_CONCURRENT_OF_USER = 2;
const MAX_QUEUED = 1_000;
const MAX_QUEUED_OF_USER = 100;
const WAIT_TIMEOUT_MS = 60_000;

interface Job {
  messageId: string;
  conversationId: string;
  senderId: string;
  content: string;
  url: string;
}

/**
 * Shows what the first link of a message leads to (contract, section 7): fetched once the message is stored and
 * acknowledged, and emitted as a change of it. Costs a message without a link the search for one, and nothing else.
 * Not guaranteed: a preview where the process ends meanwhile, or where too many wait.
 */
@Injectable()
export class LinkPreviews implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(LinkPreviews.name);
  private readonly places = new KeyedSemaphore({
    maxPerKey: MAX_CONCURRENT_OF_USER,
    maxTotal: MAX_CONCURRENT,
    maxQueuedPerKey: MAX_QUEUED_OF_USER,
    maxQueuedTotal: MAX_QUEUED,
    waitTimeoutMs: WAIT_TIMEOUT_MS,
  });
  private isEnding = false;

  constructor(
    private readonly configuration: Configuration,
    private readonly events: EventBus,
    private readonly limiter: RateLimiter,
    private readonly pages: PageReader,
    private readonly attachments: AttachmentsService,
    private readonly uploads: UploadsService,
    private readonly changed: ChangedMessages,
    private readonly repository: LinkPreviewsRepository,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.configuration.linkPreviews) return;
    this.events.subscribe('messages.created', ({ messages }) => {
      for (const { message } of messages) this.consider(message);
    });
  }

  onApplicationShutdown(): void {
    this.isEnding = true;
  }

  /** The link whose preview a message with this text may have. */
  linkIn(content: string): string | undefined {
    return firstLink(content, this.configuration.linkPreviewAllowedHosts);
  }

  /** After an edit, which took a preview away of what is not in the text any more: another link gets its own. */
  edited(message: MessageView): void {
    if (this.configuration.linkPreviews && (message.linkPreview ?? null) === null) this.consider(message);
  }

  /**
   * Takes the preview of one's own message away, for everybody and for good.
   * @throws DomainError NOT_FOUND, FORBIDDEN (not one's own), MESSAGE_DELETED.
   */
  async remove(principal: Principal, messageId: string): Promise<MessageView> {
    const message = await this.changed.requireVisible(principal, messageId);
    if (message.senderId !== principal.userId || message.kind === 'SYSTEM') throw new DomainError('FORBIDDEN');
    if (message.isDeleted) throw new DomainError('MESSAGE_DELETED');
    if (!(await this.repository.remove(messageId))) return this.changed.view(principal, messageId);
    this.attachments.sweep();
    return this.changed.publish(principal, message, false);
  }

  private consider({ id, conversationId, senderId, content, kind }: MessageView): void {
    if (content === null || kind === 'SYSTEM' || !content.includes('://')) return;
    const url = this.linkIn(content);
    if (url === undefined) return;
    void this.places
      .run(senderId, () => this.preview({ messageId: id, conversationId, senderId, content, url }))
      // A page that is not there, slow or no page is its own affair; which one it was stays out of the log.
      .catch((error: unknown) => this.logger.debug(`no preview of a link: ${(error as Error).message}`));
  }

  private async preview({ messageId, conversationId, senderId, content, url }: Job): Promise<void> {
    if (this.isEnding) return;
    // A preview that was removed for good comes back by no edit: its page is not read for nothing.
    if (!(await this.repository.isWanted(messageId, content))) return;
    await this.limiter.consume('linkPreviews', senderId);
    const page = await this.pages.read(url);
    if (page === undefined || this.isEnding) return;
    const { imageUrl, ...metadata } = page;
    const imageId = imageUrl === null ? null : await this.image(senderId, imageUrl);
    const isAdded = await this.repository.add(messageId, content, { url, ...metadata, imageId });
    if (isAdded) await this.changed.publish({ userId: senderId }, { id: messageId, conversationId }, false);
  }

  /** Null where there is none to be had: the rest is shown without. One that no message comes to use is swept. */
  private async image(ownerId: string, imageUrl: string): Promise<string | null> {
    try {
      const bytes = await this.pages.readImage(imageUrl);
      return await this.uploads.keepImageOf(ownerId, bytes);
    } catch (error) {
      this.logger.debug(`no image for the preview of a link: ${(error as Error).message}`);
      return null;
    }
  }
}
