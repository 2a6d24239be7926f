import { Injectable, Logger } from '@nestjs/common';
import { withoutScheme } from '../../auth/tokens/access-token.strategy.js';
import { Authenticator } from '../../auth/tokens/authenticator.js';
import { DomainError, domainErrorOf } from '../../common/errors.js';
import { FreeSpace } from '../../common/free-space.js';
import { validated } from '../../common/validation/validation.js';
import { ReadGate } from '../../limits/reads/read-gate.js';
import { Metrics } from '../../observability/metrics.js';
import { withWorkId } from '../../common/work-id.js';
import { SyncService } from '../../sync/sync.service.js';
import type { Handlers } from './command-handlers.js';
import type { Connection } from './connection.js';
import { ConversationCommands } from './conversation-commands.js';
import { MessageCommands } from './message-commands.js';
import { type Acknowledgement, failure, success } from '../protocol/acknowledgement.js';
import { CLIENT_EVENTS, type ClientEventName, type PayloadOf, type ResultOf } from '../protocol/client-events.js';
import { DialectMessageDto, SendMessageDto } from '../protocol/client-events.dto.js';
import { checkedSendMessage } from '../protocol/send-message.check.js';

/** Taken also while the disk is too full for anything new. */
const STORES_NOTHING: ReadonlySet<ClientEventName> = new Set([
  'join_conversation',
  'leave_conversation',
  'typing',
  'sync',
  'authenticate',
  'set_active',
]);

/** What is answered in place of a refusal where the same was done before, whatever the payload is now. */
type Repeats = {
  readonly [Name in ClientEventName]?: (
    connection: Connection,
    payload: unknown,
    refusal: unknown,
  ) => Promise<ResultOf<Name>>;
};

/**
 * What a client can ask for over a connection: a command and who sends it, to a service, to an acknowledgement.
 * Shared by every dialect. Never throws: a refusal is an acknowledgement like any other, and a bug is one too.
 */
@Injectable()
export class ChatCommands {
  private readonly logger = new Logger(ChatCommands.name);
  private commandCount = 0;
  private readonly handlers: Handlers;
  private readonly repeats: Repeats;

  constructor(
    messages: MessageCommands,
    conversations: ConversationCommands,
    private readonly synchronisation: SyncService,
    private readonly authenticator: Authenticator,
    private readonly readGate: ReadGate,
    private readonly freeSpace: FreeSpace,
    private readonly metrics: Metrics,
  ) {
    this.handlers = { ...messages.handlers, ...conversations.handlers, ...this.ofConnection };
    this.repeats = { send_message: (...send) => messages.repeatOf(...send) };
  }

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
      return success(await withWorkId(id, () => this.perform(name, connection, payload)));
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

  private async perform<Name extends ClientEventName>(
    name: Name,
    connection: Connection,
    payload: unknown,
  ): Promise<ResultOf<Name>> {
    try {
      return await this.handlers[name](connection, decoded(name, connection, payload));
    } catch (error) {
      const repeatOf = this.repeats[name];
      if (repeatOf === undefined) throw error;
      return repeatOf(connection, payload, error);
    }
  }

  private get ofConnection(): Handlers<'sync' | 'authenticate' | 'set_active'> {
    return {
      sync: ({ principal }, { cursor, limit }) =>
        this.readGate.run(principal, () => this.synchronisation.sync(principal, { cursor, limit })),
      authenticate: async (connection, { token }) => {
        const { principal, expiresAt } = await this.authenticator.authenticate(withoutScheme(token));
        const { userId, sessionId } = connection.principal;
        // A connection keeps its rooms, so it may only be renewed by the session it was opened with.
        if (principal.userId !== userId || principal.sessionId !== sessionId) throw new DomainError('UNAUTHORIZED');
        connection.renewed(expiresAt);
        return { expiresAt: new Date(expiresAt).toISOString() };
      },
      set_active: async (connection, { active }) => {
        connection.setActive(active);
        return {};
      },
    };
  }
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
      // None is an empty one, as over REST: an event may have no field that is required.
      return validated<object>(CLIENT_EVENTS[name].payload, payload ?? {});
  }
}
