import { ApiProperty } from '@nestjs/swagger';

/** A user as this dialect has one. */
export class ChatUser {
  _id!: string;
  id!: string;
  username!: string;
  displayName!: string;
  avatarUrl!: string | null;
}

export class ChatFile {
  url!: string;
  @ApiProperty({ enum: ['image', 'video', 'audio', 'document'] })
  type!: 'image' | 'video' | 'audio' | 'document';
  name!: string | null;
  /** Bytes. */
  size!: number | null;
}

/** A message as this dialect has it. */
export class ChatMessage {
  _id!: string;
  id!: string;
  senderId!: string;
  receiverId!: string;
  text!: string;
  file!: ChatFile | null;
  isRead!: boolean;
  createdAt!: string;
  updatedAt!: string;
  /** All of them, where it carries more than one. */
  files?: ChatFile[];
  sender!: ChatUser | null;
  receiver!: ChatUser | null;
}

/** The other side of a conversation. */
export class ChatPartner extends ChatUser {
  isOnline!: boolean;
  lastSeen!: string | null;
}

export class ChatConversation {
  _id!: string;
  id!: string;
  user!: ChatPartner | null;
  lastMessage!: ChatMessage | null;
  unreadCount!: number;
  updatedAt!: string;
}

export class ChatsView {
  success!: true;
  chats!: ChatMessage[];
}

export class ChatHistoryView {
  success!: true;
  /** Oldest first. */
  messages!: ChatMessage[];
  hasMore!: boolean;
}

export class ChatConversationsView {
  success!: true;
  conversations!: ChatConversation[];
}

export class ChatDeletedView {
  success!: true;
}

/** An error as this dialect has it. */
export class ChatErrorView {
  success!: false;
  error!: string;
  message!: string;
  /** One of the server's own codes. @example "NOT_FOUND" */
  code!: string;
  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'string' } },
  })
  errors?: Record<string, string[]>;
  retryAfterMs?: number;
}
