import type { User } from '@parley/client';

export type ReportReason = 'SPAM' | 'HARASSMENT' | 'VIOLENCE' | 'SEXUAL' | 'SELF_HARM' | 'ILLEGAL' | 'OTHER';
export type ReportAction = 'dismiss' | 'delete_message' | 'suspend_user' | 'ban_user';

/** A report in the queue, as the server answers it. */
export interface Report {
  id: string;
  targetType: 'message' | 'user' | 'conversation';
  targetId: string;
  reason: ReportReason;
  comment: string | null;
  status: 'OPEN' | 'DISMISSED' | 'RESOLVED';
  createdAt: string;
  reporter: User;
  /** Whom an act would be upon; null for a group. */
  targetUser: User | null;
  openReportCount: number;
  resolution: { action: ReportAction; note: string | null; at: string; by: User | null } | null;
}

export interface CopiedMessage {
  id: string;
  senderId: string;
  kind: string;
  content: string | null;
  attachments: readonly {
    id: string | null;
    kind: string;
    name: string | null;
    url: string | null;
    thumbnailUrl: string | null;
  }[];
  createdAt: string;
  editedAt: string | null;
  deletedAt: string | null;
}

/** The whole of it, with what was there when it was made: null 30 days after it was resolved. */
export interface WholeReport extends Report {
  copy: {
    messages: readonly CopiedMessage[];
    users: readonly { id: string; username: string; displayName: string }[];
    conversation: { id: string; type: string; title: string | null; memberCount: number } | null;
  } | null;
}
