import type { MessageAttachment } from '../../attachments/attachment.js';
import type { AttachmentLinks } from '../../attachments/serving/attachment-urls.js';
import type { MessageKind } from '../../common/message-kind.js';
import { preview } from '../../common/text/preview.js';
import { eventView, type ShownEvent, shownSentence } from '../../conversations/groups/system-event.js';
import type { StoredLinkPreview } from '../links/link-previews.repository.js';
import type { LinkPreviewView, MessageView, ReactionView, ReplyPreview } from '../../views/messages.view.js';
import { hiddenQuotation, unavailableQuotation } from './quotation.js';

/** Text in one answer at the most, in bytes of UTF-8; the last message that begins within it is still whole. */
export const MAX_ANSWER_TEXT_BYTES = 512 * 1024;

/** A message with all that its view needs, as one reader may see it. */
export interface MessageRow {
  id: string;
  conversationId: string;
  seq: number;
  version: number;
  senderId: string;
  clientId: string | null;
  kind: MessageKind;
  content: string | null;
  attachments: MessageAttachment[] | null;
  system: ShownEvent | null;
  linkPreview: StoredLinkPreview | { removed: true } | null;
  createdAt: Date;
  editedAt: Date | null;
  deletedAt: Date | null;
  hiddenAt: Date | null;
  replyToId: string | null;
  replySeq: number | null;
  replySenderId: string | null;
  replyKind: MessageKind | null;
  replyContent: string | null;
  replySystem: ShownEvent | null;
  replyDeletedAt: Date | null;
  /** The reader's history begins after it. */
  replyIsUnavailable: boolean | null;
  replyHiddenAt: Date | null;
  reactions: ReactionView[] | null;
}

/** What is left of a message for a reader who deleted it for themselves. */
export function hiddenMessage(message: MessageView, hiddenAt: string): MessageView {
  const { deletedAt, ...rest } = message;
  return {
    ...rest,
    content: null,
    attachments: [],
    replyTo: null,
    reactions: [],
    linkPreview: null,
    deletedAt: deletedAt ?? hiddenAt,
    hiddenAt,
  };
}

function quotation(row: MessageRow): ReplyPreview | null {
  if (row.replyToId === null || row.replySeq === null) return null;
  const replyContent = contentOf(row.replyContent, row.replySystem, row.replyDeletedAt);
  const reply: ReplyPreview = {
    id: row.replyToId,
    seq: row.replySeq,
    senderId: row.replySenderId,
    kind: row.replyKind,
    content: replyContent && preview(replyContent),
    deletedAt: row.replyDeletedAt?.toISOString() ?? null,
  };
  if (row.replyIsUnavailable === true) return unavailableQuotation(reply);
  return row.replyHiddenAt === null ? reply : hiddenQuotation(reply, row.replyHiddenAt.toISOString());
}

/** What the server said itself is put into words here; old sentences that it could not read are stored as they are. */
function contentOf(content: string | null, system: ShownEvent | null, deletedAt: Date | null): string | null {
  if (deletedAt !== null) return null;
  return content ?? (system && shownSentence(system));
}

/**
 * Null where there is none any more, so that a client that merges what it receives forgets it: a message that never changed never had
 * one, and leaves it out.
 */
function linkPreviewOf(row: MessageRow, isGone: boolean, links: AttachmentLinks): Pick<MessageView, 'linkPreview'> {
  const { linkPreview, version } = row;
  if (!isGone && linkPreview !== null && 'url' in linkPreview)
    return { linkPreview: linkPreviewView(linkPreview, links) };
  return isGone || version > 1 ? { linkPreview: null } : {};
}

function linkPreviewView({ imageId, ...preview }: StoredLinkPreview, links: AttachmentLinks): LinkPreviewView {
  return { ...preview, imageUrl: imageId === null ? null : links.urlOf(imageId, '1280') };
}

/** The message as the reader of the row sees it. */
export function messageView(row: MessageRow, links: AttachmentLinks): MessageView {
  const deletedAt = row.deletedAt ?? row.hiddenAt;
  const gone = deletedAt !== null;
  return {
    id: row.id,
    conversationId: row.conversationId,
    seq: row.seq,
    version: row.version,
    senderId: row.senderId,
    clientId: row.clientId,
    kind: row.kind,
    content: contentOf(row.content, row.system, deletedAt),
    attachments: gone || row.attachments === null ? [] : row.attachments.map((attachment) => links.view(attachment)),
    replyTo: gone ? null : quotation(row),
    reactions: gone ? [] : (row.reactions ?? []),
    ...(row.system === null ? {} : { system: eventView(row.system) }),
    ...linkPreviewOf(row, gone, links),
    createdAt: row.createdAt.toISOString(),
    editedAt: row.editedAt?.toISOString() ?? null,
    deletedAt: deletedAt?.toISOString() ?? null,
    ...(row.hiddenAt === null ? {} : { hiddenAt: row.hiddenAt.toISOString() }),
  };
}
