import type { Conversation, ConversationItem, MessageItem, User } from '@parley/client';
import { client } from './client';

/** The other one of a direct conversation. */
export function partnerOf({ type, members }: Conversation): User | undefined {
  return type === 'DIRECT' ? members.find(({ user }) => user.id !== client.userId)?.user : undefined;
}

export function nameOf(conversation: Conversation): string {
  return conversation.title ?? partnerOf(conversation)?.displayName ?? 'Deleted account';
}

/** What was typed of a name: usernames are shown with an `@` before them, which is no part of them. */
export const withoutAt = (words: string): string => words.trim().replace(/^@/, '');

export const isOwn = ({ senderId }: Pick<MessageItem, 'senderId'>): boolean => senderId === client.userId;

const KINDS = { IMAGE: 'Picture', VIDEO: 'Film', AUDIO: 'Sound', FILE: 'File', TEXT: 'Message', SYSTEM: 'Message' };

/** One line for the list. */
export function previewOf(conversation: ConversationItem): string {
  const { lastMessageState, lastSeq, isPending } = conversation;
  const isEmpty = lastSeq === 0 && lastMessageState === undefined && isPending !== true;
  const { content, kind, senderId } = lastShown(conversation);
  if (isEmpty || kind === null) return 'No messages yet';
  if (content === null && kind === 'TEXT') return 'This message was deleted';
  const text = content || KINDS[kind];
  return senderId === client.userId && kind !== 'SYSTEM' ? `You: ${text}` : text;
}

type LastMessage = Pick<MessageItem, 'content'> & { kind: MessageItem['kind'] | null; senderId: string | null };

/** The last message, or the last of those at hand where the user has deleted it for themselves. */
function lastShown({ id, lastSeq, lastMessage, lastMessageKind, lastMessageBy }: ConversationItem): LastMessage {
  const last = { content: lastMessage, kind: lastMessageKind, senderId: lastMessageBy };
  if (lastMessage !== null) return last;
  const { items } = client.messages(id).getSnapshot();
  if (items.findLast(({ seq }) => seq === lastSeq)?.hiddenAt === undefined) return last;
  return items.findLast(({ hiddenAt }) => hiddenAt === undefined) ?? { ...last, kind: null };
}

/** A quoted message, or one in the reply bar. */
export function excerptOf({
  content,
  kind,
}: Pick<MessageItem, 'content'> & { kind: MessageItem['kind'] | null }): string {
  return content || (kind === null ? 'A message from before you joined' : KINDS[kind]);
}
