import { Injectable, Logger } from '@nestjs/common';
import { Authenticator } from '../../auth/tokens/authenticator.js';
import { DomainError, domainErrorOf } from '../../common/errors.js';
import { FreeSpace } from '../../common/free-space.js';
import type { Principal } from '../../common/principal.js';
import { validated } from '../../common/validation/validation.js';
import { ConversationsService } from '../../conversations/conversations.service.js';
import { Receipts } from '../../conversations/receipts.js';
import { ReadGate } from '../../limits/reads/read-gate.js';
import { Metrics } from '../../observability/metrics.js';
import { withWorkId } from '../../common/work-id.js';
import { MessageChanges } from '../../messages/changes/message-changes.js';
import { MessageSender } from '../../messages/sending/message-sender.js';
import type { MessageView } from '../../messages/messages.view.js';
import { SyncService } from '../../sync/sync.service.js';
import { CommandSequencer } from './command-sequencer.js';
import type { Connection } from './connection.js';
import { type Acknowledgement, failure, success } from '../protocol/acknowledgement.js';
import { CLIENT_EVENTS, type ClientEventName, type PayloadOf, type ResultOf } from '../protocol/client-events.js';
import { DialectMessageDto, SendMessageDto } from '../protocol/client-events.dto.js';
import { checkedSendMessage } from '../protocol/send-message.check.js';
import { OpenConversations } from './open-conversations.js';
import { Typing } from '../ephemeral/typing.js';

type Handlers = {
  [Name in ClientEventName]: (connection: Connection, payload: PayloadOf<Name>) => Promise<ResultOf<Name>>;
};

/** Taken also while the disk is too full for anything new. */
const STORES_NOTHING: ReadonlySet<ClientEventName> = new Set([
  'join_conversation',
  'leave_conversation',
  'typing',
  'sync',
  'authenticate',
  'set_active',
]);

/**
 * What a client can ask for over a connection: a command and who sends it, to a service, to an acknowledgement.
 * Shared by every dialect. Never throws: a refusal is an acknowledgement like any other, and a bug is one too.
 */
@Injectable()
export class ChatCommands {
  private readonly logger = new Logger(ChatCommands.name);
  private commandCount = 0;
  private readonly sequencers = new WeakMap<Connection, CommandSequencer>();

  constructor(
    private readonly conversations: ConversationsService,
    private readonly sender: MessageSender,
    private readonly changes: MessageChanges,
    private readonly receipts: Receipts,
    private readonly typing: Typing,
    private readonly open: OpenConversations,
    private readonly synchronisation: SyncService,
    private readonly authenticator: Authenticator,
    private readonly readGate: ReadGate,
    private readonly freeSpace: FreeSpace,
    private readonly metrics: Metrics,
  ) {}

  async run<Name extends ClientEventName>(
    name: Name,
    connection: Connection,
    payload: unknown,
  ): Promise<Acknowledgement<ResultOf<Name>>> {
    const startedAt = performance.now();
    this.commandCount += 1;
    const id = { commandId: `${connection.id}:${this.commandCount}` };
    try {
      requireScope(name, connection);
      if (!STORES_NOTHING.has(name)) this.freeSpace.requireSpace();
      return success(await withWorkId(id, () => this.handlers[name](connection, decoded(name, connection, payload))));
    } catch (error) {
      const refusal = domainErrorOf(error);
      if (refusal.code === 'INTERNAL_ERROR')
        this.logger.error(`${name} failed`, id, error instanceof Error ? error.stack : String(error));
      this.metrics.refusal('socket', refusal.code);
      return failure(refusal);
    } finally {
      this.metrics.command(name, (performance.now() - startedAt) / 1_000);
    }
  }

  private async change(
    connection: Connection,
    work: (principal: Principal) => Promise<MessageView>,
  ): Promise<{ message: MessageView }> {
    return { message: await this.sequencerOf(connection).change(() => work(connection.principal)) };
  }

  /** Made when a connection first changes something: most only listen. */
  private sequencerOf(connection: Connection): CommandSequencer {
    const known = this.sequencers.get(connection);
    if (known !== undefined) return known;
    const sequencer = new CommandSequencer();
    this.sequencers.set(connection, sequencer);
    return sequencer;
  }

  private readonly handlers: Handlers = {
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
    send_message: async (connection, payload) => {
      const { principal, id } = connection;
      const { message, conversation, ...sent } = await this.sequencerOf(connection).send(
        () => this.sender.draft(principal, payload),
        (draft) => this.sender.store(principal, draft, id),
      );
      if (sent.isRepeat === true) connection.repeated?.({ message, conversation });
      return { message, conversation };
    },
    edit_message: (connection, { messageId, content }) =>
      this.change(connection, (principal) => this.changes.edit(principal, messageId, content)),
    delete_message: (connection, payload) =>
      this.change(connection, (principal) =>
        payload.for === 'me'
          ? this.changes.deleteForMe(principal, payload.messageId)
          : this.changes.deleteForEveryone(principal, payload.messageId),
      ),
    react: (connection, { messageId, emoji, remove }) =>
      this.change(connection, (principal) => this.changes.react(principal, messageId, emoji, remove ?? false)),
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
    sync: ({ principal }, { cursor, limit }) =>
      this.readGate.run(principal, () => this.synchronisation.sync(principal, { cursor, limit })),
    authenticate: async (connection, { token }) => {
      const { principal, expiresAt } = await this.authenticator.authenticate(token);
      // A connection keeps its rooms, so it may only be renewed by the session it was opened with.
      if (principal.userId !== connection.principal.userId || principal.sessionId !== connection.principal.sessionId) {
        throw new DomainError('UNAUTHORIZED');
      }
      connection.renewed(expiresAt);
      return { expiresAt: new Date(expiresAt).toISOString() };
    },
    set_active: async (connection, { active }) => {
      connection.setActive(active);
      return {};
    },
  };
}

function requireScope(name: ClientEventName, { scopes }: Connection): void {
  const { scope } = CLIENT_EVENTS[name];
  if (scopes !== undefined && !scopes.has(scope))
    throw new DomainError('FORBIDDEN', { message: `The API key lacks the scope ${scope}.` });
}

function decoded<Name extends ClientEventName>(name: Name, connection: Connection, payload: unknown): PayloadOf<Name> {
  return decodePayload(name, connection, payload) as PayloadOf<Name>;
}

function decodePayload(name: ClientEventName, { takesPlainHttp }: Connection, payload: unknown): object {
  switch (name) {
    case 'send_message':
      return checkedSendMessage(payload, takesPlainHttp === true ? DialectMessageDto : SendMessageDto);
    case 'join_conversation':
    case 'leave_conversation':
      return validated(
        CLIENT_EVENTS[name].payload,
        typeof payload === 'string' ? { conversationId: payload } : payload,
      );
    default:
      return validated<object>(CLIENT_EVENTS[name].payload, payload);
  }
}
