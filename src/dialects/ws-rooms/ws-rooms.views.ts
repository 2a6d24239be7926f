import type { PageQuery } from '../../common/pagination.js';
import type { Principal } from '../../common/principal.js';
import type { ConversationView } from '../../conversations/conversations.view.js';
import type { MessageView } from '../../messages/messages.view.js';
import type { DirectMessages } from '../direct-messages.js';

/** A message as this vocabulary has it. */
export interface RoomMessage {
  id: string;
  roomId: string;
  content: string;
  senderId: string;
  createdAt: string;
  /** Beside what the document has: the addresses of what it carries, where it carries anything. */
  images?: string[];
}

/** A direct conversation as this vocabulary has it. */
export interface Room {
  id: string;
  /** The lower id first. */
  user1Id: string;
  user2Id: string;
  createdAt: string;
}

export function roomMessageOf({
  id,
  conversationId,
  content,
  senderId,
  createdAt,
  attachments,
}: MessageView): RoomMessage {
  const images = attachments.map(({ url }) => url);
  return {
    ...{ id, roomId: conversationId, content: content ?? '', senderId, createdAt },
    ...(images.length === 0 ? {} : { images }),
  };
}

export function roomOf({ id, createdAt, members }: ConversationView): Room {
  const [user1Id = '', user2Id = ''] = members.map(({ user }) => user.id).toSorted();
  return { id, user1Id, user2Id, createdAt };
}

/** A page of the caller's rooms, each with its newest message, the last active first. */
export async function roomsOf(
  direct: DirectMessages,
  principal: Principal,
  query: PageQuery,
): Promise<{ rooms: (Room & { messages: RoomMessage[] })[]; nextCursor: string | null }> {
  const { items, nextCursor } = await direct.conversations(principal, query);
  const rooms = items.map(({ conversation, newest }) => ({
    ...roomOf(conversation),
    messages: newest === undefined ? [] : [roomMessageOf(newest.message)],
  }));
  return { rooms, nextCursor };
}
