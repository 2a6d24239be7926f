import type { Conversation, ConversationItem, MessageItem, User } from '@parley/client';
import { client } from './client';

/** The other one of a direct conversation. */
export function partnerOf({ type, members }: Conversation): User | undefined {
  return type === 'DIRECT' ? members.find(({ user }) => user.id !== client.userId)?.user : undefined;
}

export function nameOf(conversation: Conversation): string {
  return conversation.title ?? partnerOf(conversation)?.displayName ?? 'Deleted account';
}

export const isOwn = ({ senderId }: Pick<MessageItem, 'senderId'>): boolean => senderId === client.userId;

const KINDS = { IMAGE: 'Picture', VIDEO: 'Film', AUDIO: 'Sound', FILE: 'File', TEXT: 'Message', SYSTEM: 'Message' };

/** One line for the list. */
export function previewOf(conversation: ConversationItem): string {
  const { lastMessage, lastMessageBy, lastMessageKind, lastMessageState, lastSeq, isPending } = conversation;
  const isEmpty = lastSeq === 0 && lastMessageState === undefined && isPending !== true;
  if (isEmpty || lastMessageKind === null) return 'No messages yet';
  if (lastMessage === null && lastMessageKind === 'TEXT') return 'This message was deleted';
  const text = lastMessage || KINDS[lastMessageKind];
  return lastMessageBy === client.userId && lastMessageKind !== 'SYSTEM' ? `You: ${text}` : text;
}

/** A quoted message, or one in the reply bar. */
export function excerptOf({
  content,
  kind,
}: Pick<MessageItem, 'content'> & { kind: MessageItem['kind'] | null }): string {
  return content || (kind === null ? 'A message from before you joined' : KINDS[kind]);
}
