import { Injectable } from '@nestjs/common';
import type { Principal } from '../../common/principal.js';
import { MessageChanges } from '../../messages/changes/message-changes.js';
import type { MessageView } from '../../messages/messages.view.js';
import { MessageSender } from '../../messages/sending/message-sender.js';
import { CommandSequencer } from './command-sequencer.js';
import type { Handlers } from './command-handlers.js';
import type { Connection } from './connection.js';

/** What a connection sends and changes, in the order in which it asks for it. */
@Injectable()
export class MessageCommands {
  private readonly sequencers = new WeakMap<Connection, CommandSequencer>();

  constructor(
    private readonly sender: MessageSender,
    private readonly changes: MessageChanges,
  ) {}

  readonly handlers: Handlers<'send_message' | 'edit_message' | 'delete_message' | 'react'> = {
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
  };

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
}
