import type { MessageView } from '../../views/messages.view.js';

export const REPORT_TARGETS = ['message', 'user', 'conversation'] as const;
export type ReportTarget = (typeof REPORT_TARGETS)[number];

export const REPORT_REASONS = ['SPAM', 'HARASSMENT', 'VIOLENCE', 'SEXUAL', 'SELF_HARM', 'ILLEGAL', 'OTHER'] as const;
export type ReportReason = (typeof REPORT_REASONS)[number];

export const REPORT_STATUSES = ['OPEN', 'DISMISSED', 'RESOLVED'] as const;
export type ReportStatus = (typeof REPORT_STATUSES)[number];

export const REPORT_ACTIONS = ['dismiss', 'delete_message', 'suspend_user', 'ban_user'] as const;
export type ReportAction = (typeof REPORT_ACTIONS)[number];

/** Messages on either side of a reported one that are kept with it; and the newest of a reported conversation. */
export const MESSAGES_ON_EITHER_SIDE = 5;
export const MESSAGES_OF_CONVERSATION = 2 * MESSAGES_ON_EITHER_SIDE + 1;

/** For so long after it was resolved a report keeps its copy and the words of its reporter. */
export const COPY_KEPT_DAYS = 30;

/** A person as it was called when the report was made. */
export interface CopiedUser {
  id: string;
  username: string;
  displayName: string;
}

/** A message as its reporter was shown it. Its files are kept as long as the copy is. */
export type CopiedMessage = Pick<
  MessageView,
  'id' | 'seq' | 'senderId' | 'kind' | 'content' | 'createdAt' | 'editedAt' | 'deletedAt'
> & {
  attachments: { id: string | null; kind: string; name: string | null; mimeType: string | null; url: string | null }[];
};

/** What was there when the report was made, as its reporter was shown it. */
export interface ReportCopy {
  /** In their order; of a report of a message, five on either side of it at the most. */
  messages: CopiedMessage[];
  /** Who wrote them, and whom it is about. */
  users: CopiedUser[];
  /** Where it happened; null for a user. */
  conversation: { id: string; type: string; title: string | null; memberCount: number } | null;
}

/** Files of ours that a copy names. */
export function filesOf({ messages }: ReportCopy): string[] {
  return messages.flatMap(({ attachments }) => attachments.flatMap(({ id }) => (id === null ? [] : [id])));
}

export function copiedMessage(message: MessageView): CopiedMessage {
  const { id, seq, senderId, kind, content, createdAt, editedAt, deletedAt } = message;
  return {
    id,
    seq,
    senderId,
    kind,
    content,
    createdAt,
    editedAt,
    deletedAt,
    attachments: message.attachments.map((attachment) => ({
      id: attachment.id,
      kind: attachment.kind,
      name: attachment.name,
      mimeType: attachment.mimeType,
      // One of ours expires: moderators read the file by the report.
      url: attachment.external ? attachment.url : null,
    })),
  };
}
