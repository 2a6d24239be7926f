import { ApiProperty } from '@nestjs/swagger';
import { AttachmentView } from './attachments.view.js';
import { MESSAGE_KINDS, type MessageKind } from '../common/message-kind.js';
import { SystemEventView } from './system-event.view.js';

/**
 * The message that another one answers, as much of it as a client shows above the answer, and no more than its reader
 * may read of that message itself.
 */
export class ReplyPreview {
  id!: string;
  seq!: number;
  /** Null where `unavailable`. */
  senderId!: string | null;
  /** Null where `unavailable`. */
  @ApiProperty({ enum: MESSAGE_KINDS, enumName: 'MessageKind', nullable: true })
  kind!: MessageKind | null;
  /** Its first 200 characters; null where it has no text or was deleted. */
  content!: string | null;
  /** When it was deleted, for everyone or for this reader alone. */
  deletedAt!: string | null;
  /** True where the reader's history begins after it: there was a message, and nothing else is shown of it. */
  unavailable?: boolean;
}

export class ReactionView {
  /** @example "👍" */
  emoji!: string;
  /** How many users reacted with it. */
  count!: number;
  /** Whether the receiver of this view did. */
  mine!: boolean;
}

/** What the first link of a message leads to. */
export class LinkPreviewView {
  /** @example "https://example.com/article" */
  url!: string;
  title!: string;
  description!: string | null;
  siteName!: string | null;
  /** On this server, at most 1280 pixels wide and high; expires like those of attachments. */
  imageUrl!: string | null;
}

/** A message as one reader sees it (contract, section 5). */
export class MessageView {
  id!: string;
  conversationId!: string;
  /** Dense within the conversation, from 1; the order of messages. */
  seq!: number;
  /** Rises with every change of the message. */
  version!: number;
  senderId!: string;
  /** The sender's own idempotency key. */
  clientId!: string | null;
  @ApiProperty({ enum: MESSAGE_KINDS, enumName: 'MessageKind' })
  kind!: MessageKind;
  /**
   * At most 8,000 characters; empty where it is attachments alone, null once deleted. Of SYSTEM messages a sentence in
   * English, made of `system` with the names that people have when it is read.
   * @example "Hello!"
   */
  content!: string | null;
  /** At most 10; none once deleted. */
  attachments!: AttachmentView[];
  @ApiProperty({ type: () => ReplyPreview, nullable: true })
  replyTo!: ReplyPreview | null;
  reactions!: ReactionView[];
  /** SYSTEM messages only. */
  @ApiProperty({ type: () => SystemEventView, required: false })
  system?: SystemEventView;
  /**
   * Where its text holds a link whose page could be read: comes with a `message:updated` of its own. Null where there is none,
   * and left out of messages that were never changed.
   */
  @ApiProperty({ type: () => LinkPreviewView, required: false, nullable: true })
  linkPreview?: LinkPreviewView | null;
  createdAt!: string;
  editedAt!: string | null;
  /** When it was deleted, for everyone or for this reader alone: it stays in its place, with nothing in it. */
  deletedAt!: string | null;
  /** When this reader deleted it for themselves alone: they are not shown that there was one. */
  hiddenAt?: string;
}

/** What of a conversation changes with each message (contract, section 6, `message:new`). */
export class ConversationBrief {
  id!: string;
  lastMessage!: string | null;
  lastMessageAt!: string | null;
  lastSeq!: number;
}

/** A page of history, in ascending order of `seq`. */
export class MessagePage {
  items!: MessageView[];
  hasBefore!: boolean;
  hasAfter!: boolean;
}

/** A page of search results, newest first. It may hold fewer than asked for, or none, and still have a `nextCursor`. */
export class MessageSearchPage {
  items!: MessageView[];
  /** Null on the last page. */
  @ApiProperty({ type: String, nullable: true })
  nextCursor!: string | null;
  /**
   * Null where everything was searched. Otherwise the search index is behind at the moment: what was said before this
   * time was searched, and the newest messages; others after it may be missing from the answer.
   */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  indexedUpTo!: string | null;
}
