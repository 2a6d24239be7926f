import { ChatError } from '../protocol/errors.js';
import type { Answer } from '../sync/types.js';
import type { CommandSender, OutboxCommand, OutboxItem } from './types.js';

/**
 * Of a command as JSON. Twice what the longest valid text takes; as bytes it is less than the 128 KiB from which on the server
 * closes the connection, which would look like a lost network and be tried for ever.
 */
const MAX_COMMAND_LENGTH = 40_000;

/** Sends one command, once, and resolves with what its answer changes; the command is settled by it. */
export async function sendCommand(
  send: CommandSender,
  { clientId, command }: OutboxItem,
  attachmentIds: readonly string[],
): Promise<Answer> {
  if (JSON.stringify(command).length > MAX_COMMAND_LENGTH)
    throw new ChatError('PAYLOAD_TOO_LARGE', 'The message is too long.');
  const settled = [{ clientId }];
  switch (command.type) {
    case 'send': {
      const { content, conversationId, receiverId, replyToId } = command;
      const payload = {
        clientId,
        // A text that was edited away says nothing.
        ...(content ? { content } : {}),
        ...(conversationId === undefined ? { receiverId } : { conversationId }),
        ...(replyToId === undefined ? {} : { replyToId }),
        ...(attachmentIds.length > 0 ? { attachmentIds: [...attachmentIds] } : {}),
      };
      const { message, conversation } = await send('send_message', payload);
      return { message, conversation, settled: [{ clientId, message }] };
    }
    case 'edit': {
      const { message } = await send('edit_message', { messageId: idOf(command), content: command.content });
      return { message, settled };
    }
    case 'delete': {
      const { message } = await send('delete_message', { messageId: idOf(command), for: command.for });
      return { message, settled };
    }
    case 'react': {
      const { emoji, remove } = command;
      const { message } = await send('react', { messageId: idOf(command), emoji, remove });
      return { message, settled };
    }
    case 'read': {
      const { conversationId, seq } = command;
      // The server's database may have been put back to before what was read.
      const { lastReadSeq } = await send('mark_read', { conversationId, seq });
      return { settled, readIn: { conversationId, seq: lastReadSeq } };
    }
  }
}

function idOf({ target }: Extract<OutboxCommand, { target: unknown }>): string {
  return 'messageId' in target ? target.messageId : '';
}
