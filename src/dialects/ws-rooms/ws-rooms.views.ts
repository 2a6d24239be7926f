import type { PageQuery } from '../../common/pagination.js';
import type { Principal } from '../../common/access/principal.js';
import type { ConversationView } from '../../views/conversations.view.js';
import type { MessageView } from '../../views/messages.view.js';
import type { DirectMessages } from '../transport/direct-messages.js';
import type { ListedRoom, Room, RoomMessage } from './ws-rooms.view.js';

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
    id,
    roomId: conversationId,
    content: content ?? '',
    senderId,
    createdAt,
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
): Promise<{ rooms: ListedRoom[]; nextCursor: string | null }> {
  const { items, nextCursor } = await direct.conversations(principal, query);
  const rooms = items.map(({ conversation, newest }) => ({
    ...roomOf(conversation),
    messages: newest === undefined ? [] : [roomMessageOf(newest.message)],
  }));
  return { rooms, nextCursor };
}
