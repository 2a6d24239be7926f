export type ReportReason = 'SPAM' | 'HARASSMENT' | 'VIOLENCE' | 'SEXUAL' | 'SELF_HARM' | 'ILLEGAL' | 'OTHER';

export interface Report {
  id: string;
  targetType: 'message' | 'user' | 'conversation';
  targetId: string;
  reason: ReportReason;
  comment: string | null;
  status: 'OPEN' | 'RESOLVED';
  createdAt: string;
}

export type ReportAction = 'dismiss' | 'delete_message' | 'suspend_user' | 'ban_user';
