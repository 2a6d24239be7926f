import { Injectable } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import type { Principal } from '../../common/access/principal.js';
import type { SqlExecutor } from '../../database/database.js';
import { EventBus } from '../../events/event-bus.js';
import type { MessageView } from '../../views/messages.view.js';
import { MessagesRepository } from '../reading/messages.repository.js';
import { type ChangeableMessage, MessageChangesRepository } from './message-changes.repository.js';

/** What has to be known of a message to publish that it changed. */
type ChangedMessage = Pick<MessageView, 'id' | 'conversationId'>;

/** What every change of a message begins and ends with: may the caller see it, and who must receive it. */
@Injectable()
export class ChangedMessages {
  constructor(
    private readonly changes: MessageChangesRepository,
    private readonly messages: MessagesRepository,
    private readonly events: EventBus,
  ) {}

  /** @throws DomainError NOT_FOUND unless the caller is a member now and may see this far back. */
  async requireVisible({ userId }: Principal, messageId: string, executor?: SqlExecutor): Promise<ChangeableMessage> {
    const message = await this.changes.find(userId, messageId, executor);
    if (message === undefined) throw new DomainError('NOT_FOUND');
    return message;
  }

  /** As the caller sees it now. */
  async view({ userId }: Principal, messageId: string): Promise<MessageView> {
    const [message] = await this.messages.byIds(userId, [messageId]);
    if (message === undefined) throw new DomainError('NOT_FOUND');
    return message;
  }

  /** As it is now, for nobody in particular. */
  async plainView(messageId: string): Promise<MessageView> {
    const [message] = await this.messages.byIds(null, [messageId]);
    if (message === undefined) throw new DomainError('NOT_FOUND');
    return message;
  }

  /**
   * Publishes a committed change, and returns the message as the caller sees it. Where that cannot be read, the members are asked to
   * sync: a repetition finds the change made, and publishes nothing.
   */
  async publish(
    { userId }: Pick<Principal, 'userId'>,
    { id, conversationId }: ChangedMessage,
    deleted: boolean,
  ): Promise<MessageView> {
    try {
      const views = await this.messages.ownAndCommon(userId, id);
      if (views === undefined) throw new DomainError('NOT_FOUND');
      // Behind the view: whoever deletes it for itself later than this sees at least its version.
      const differences = await this.changes.differences(id);
      this.events.publish('message.changed', { message: views.common, deleted, ...differences });
      return views.own;
    } catch (error) {
      this.events.publish('messages.expired', { conversationId });
      throw error;
    }
  }

  /** Publishes that the caller deleted it for itself alone, and returns what is left of it. The caller alone is asked to sync. */
  async publishHidden(principal: Principal, { id, conversationId }: ChangedMessage): Promise<MessageView> {
    const { userId } = principal;
    try {
      const message = await this.view(principal, id);
      this.events.publish('message.hidden', { userId, message });
      return message;
    } catch (error) {
      this.events.publish('messages.expired', { conversationId, userIds: [userId] });
      throw error;
    }
  }
}
