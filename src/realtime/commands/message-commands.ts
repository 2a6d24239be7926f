import { Injectable } from '@nestjs/common';
import { DomainError } from '../../common/errors.js';
import type { Principal } from '../../common/access/principal.js';
import { WriteGate } from '../../limits/writes/write-gate.js';
import { MessageChanges } from '../../messages/changes/message-changes.js';
import type { MessageView } from '../../views/messages.view.js';
import { MessageSender, type SentMessage } from '../../messages/sending/message-sender.js';
import { CommandSequencer } from './command-sequencer.js';
import type { Handlers } from './command-handlers.js';
import type { Connection } from './connection.js';
import type { ResultOf } from '../protocol/client-events.js';

/** What a connection sends and changes, in the order in which it asks for it. */
@Injectable()
export class MessageCommands {
  private readonly sequencers = new WeakMap<Connection, CommandSequencer>();

  constructor(
    private readonly sender: MessageSender,
    private readonly changes: MessageChanges,
    private readonly writeGate: WriteGate,
  ) {}

  readonly handlers: Handlers<'send_message' | 'edit_message' | 'delete_message' | 'react'> = {
    send_message: async (connection, payload) => {
      const { principal, id } = connection;
      const sent = await this.sequencerOf(connection).send(
        () => {
          requireLive(connection);
          return this.sender.draft(principal, payload);
        },
        (draft) => this.sender.store(principal, draft, id),
      );
      return answerOf(connection, sent);
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
  };

  /**
   * The answer to a send that is about to be refused, where it is a repeat: maybe of one that is still being stored.
   * @throws `refusal` where it is none
   */
  async repeatOf(connection: Connection, payload: unknown, refusal: unknown): Promise<ResultOf<'send_message'>> {
    const { principal, id } = connection;
    const { clientId } = (payload ?? {}) as { clientId?: unknown };
    // Others wait for nothing that the connection sent before.
    if (!this.sender.mayBeRepeat(clientId, refusal)) throw refusal;
    const sent = await this.sequencerOf(connection).change(() =>
      // A send that is refused is counted by no limit, and this asks the database.
      this.writeGate.run(principal, () => this.sender.repeatOf(principal, clientId, refusal, id)),
    );
    return answerOf(connection, sent);
  }

  private async change(
    connection: Connection,
    work: (principal: Principal) => Promise<MessageView>,
  ): Promise<{ message: MessageView }> {
    const { principal } = connection;
    const message = await this.sequencerOf(connection).change(() =>
      this.writeGate.run(principal, async () => {
        requireLive(connection);
        return work(principal);
      }),
    );
    return { message };
  }

  /** Made when a connection first changes something: most only listen. */
  private sequencerOf(connection: Connection): CommandSequencer {
    const known = this.sequencers.get(connection);
    if (known !== undefined) return known;
    const sequencer = new CommandSequencer();
    this.sequencers.set(connection, sequencer);
    return sequencer;
  }
}

/** What waited for its turn is not done for a session that has ended meanwhile. @throws DomainError UNAUTHORIZED */
function requireLive({ isEnded }: Connection): void {
  if (isEnded === true) throw new DomainError('UNAUTHORIZED');
}

function answerOf(connection: Connection, { message, conversation, isRepeat }: SentMessage): ResultOf<'send_message'> {
  if (isRepeat === true) connection.repeated?.({ message, conversation });
  return { message, conversation };
}
