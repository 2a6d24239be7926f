import { Injectable } from '@nestjs/common';
import { ConversationsService } from '../../conversations/conversations.service.js';
import { Receipts } from '../../conversations/receipts.js';
import { ReadGate } from '../../limits/reads/read-gate.js';
import { Typing } from '../ephemeral/typing.js';
import type { Handlers } from './command-handlers.js';
import { OpenConversations } from './open-conversations.js';

/** What a connection looks at, has read and received, and where its user types. */
@Injectable()
export class ConversationCommands {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly receipts: Receipts,
    private readonly typing: Typing,
    private readonly open: OpenConversations,
    private readonly readGate: ReadGate,
  ) {}

  readonly handlers: Handlers<'join_conversation' | 'leave_conversation' | 'mark_read' | 'mark_delivered' | 'typing'> =
    {
      join_conversation: async (connection, { conversationId }) => {
        const { principal } = connection;
        const conversation = await this.open.open(connection, conversationId, () =>
          this.readGate.run(principal, () => this.conversations.view(principal, conversationId)),
        );
        return { conversation };
      },
      leave_conversation: async (connection, { conversationId }) => {
        this.open.close(connection, conversationId);
        return {};
      },
      mark_read: async ({ principal }, { conversationId, seq }) => {
        const { lastReadSeq } = await this.receipts.move(principal, conversationId, 'read', seq);
        return { lastReadSeq };
      },
      mark_delivered: async ({ principal }, { conversationId, seq }) => {
        const { lastDeliveredSeq } = await this.receipts.move(principal, conversationId, 'delivered', seq);
        return { lastDeliveredSeq };
      },
      typing: async ({ principal }, { conversationId, isTyping }) => {
        await this.typing.set(principal, conversationId, isTyping);
        return {};
      },
    };
}
