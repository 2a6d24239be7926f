import type { AttachmentView } from '../../views/attachments.view.js';
import type { UserView } from '../../views/users.view.js';
import type { DirectMessage } from '../transport/direct-messages.js';
import type { ChatFile, ChatMessage, ChatUser } from './direct-events.view.js';

const TYPES = { IMAGE: 'image', VIDEO: 'video', AUDIO: 'audio', FILE: 'document' } as const;
/** The other way round, also for words that such clients use. */
const KINDS: Readonly<Record<string, string>> = {
  image: 'IMAGE',
  video: 'VIDEO',
  audio: 'AUDIO',
  document: 'FILE',
  file: 'FILE',
};

export function kindOf(type: unknown): string {
  const [word = ''] = typeof type === 'string' ? type.toLowerCase().split('/') : [];
  return (Object.hasOwn(KINDS, word) ? KINDS[word] : undefined) ?? 'FILE';
}

export function chatUser(user: UserView | undefined): ChatUser | null {
  if (user === undefined) return null;
  const { id, username, displayName, avatarUrl } = user;
  return { _id: id, id, username, displayName, avatarUrl };
}

export function chatMessage(
  { message, receiverId }: DirectMessage,
  isRead: boolean,
  users: ReadonlyMap<string, UserView>,
): ChatMessage {
  const { id, senderId, content, createdAt, editedAt, attachments } = message;
  const [first] = attachments;
  const file = first === undefined ? null : chatFile(first);
  return {
    _id: id,
    id,
    senderId,
    receiverId,
    text: content ?? '',
    file,
    isRead,
    createdAt,
    updatedAt: editedAt ?? createdAt,
    ...(attachments.length > 1 ? { files: attachments.map(chatFile) } : {}),
    sender: chatUser(users.get(senderId)),
    receiver: chatUser(users.get(receiverId)),
  };
}

function chatFile({ url, kind, name, size }: AttachmentView): ChatFile {
  return { url, type: TYPES[kind], name, size };
}
