import { ApiProperty } from '@nestjs/swagger';
import { UserView } from '../../views/users.view.js';
import {
  REPORT_ACTIONS,
  REPORT_REASONS,
  REPORT_STATUSES,
  REPORT_TARGETS,
  type ReportAction,
  type ReportReason,
  type ReportStatus,
  type ReportTarget,
} from './report.js';

/** A report as its reporter sees it. */
export class ReportReceiptView {
  id!: string;
  @ApiProperty({ enum: REPORT_STATUSES, enumName: 'ReportStatus' })
  status!: ReportStatus;
  /** ISO 8601, UTC. */
  createdAt!: string;
}

/** What was done about a report. */
export class ResolutionView {
  @ApiProperty({ enum: REPORT_ACTIONS, enumName: 'ReportAction' })
  action!: ReportAction;
  /** In the moderator's words; shown to moderators alone. */
  note!: string | null;
  /** ISO 8601, UTC. */
  at!: string;
  @ApiProperty({ type: () => UserView, nullable: true })
  by!: UserView | null;
}

/** A report in the moderators' queue. */
export class ReportView extends ReportReceiptView {
  @ApiProperty({ enum: REPORT_TARGETS, enumName: 'ReportTarget' })
  targetType!: ReportTarget;
  targetId!: string;
  @ApiProperty({ enum: REPORT_REASONS, enumName: 'ReportReason' })
  reason!: ReportReason;
  /** In the reporter's words; null without any, and 30 days after it was resolved. */
  comment!: string | null;
  reporter!: UserView;
  /** Whom an act would be upon: the message's sender, the user, the other side of a direct conversation; null for a group. */
  @ApiProperty({ type: () => UserView, nullable: true })
  targetUser!: UserView | null;
  /** Where it happened; null for a user. */
  conversationId!: string | null;
  /** Open reports of the same, this one among them if it is. */
  openReportCount!: number;
  /** Null while it is open. */
  @ApiProperty({ type: () => ResolutionView, nullable: true })
  resolution!: ResolutionView | null;
}

/** A file that a copied message carried. */
export class CopiedAttachmentView {
  /** Null where it is external. */
  id!: string | null;
  kind!: string;
  name!: string | null;
  mimeType!: string | null;
  /** Bytes; null where it is not kept. */
  @ApiProperty({ type: 'integer', nullable: true })
  size!: number | null;
  /** For moderators, as long as the copy is kept; null where the file was gone already. An external file's is its own. */
  url!: string | null;
  /** The same of a small picture, at most 320 pixels wide and high; of images, and films with a poster. */
  thumbnailUrl!: string | null;
}

/** A message as its reporter was shown it when the report was made. */
export class CopiedMessageView {
  id!: string;
  seq!: number;
  senderId!: string;
  kind!: string;
  content!: string | null;
  @ApiProperty({ type: () => CopiedAttachmentView, isArray: true })
  attachments!: CopiedAttachmentView[];
  /** ISO 8601, UTC. */
  createdAt!: string;
  editedAt!: string | null;
  deletedAt!: string | null;
}

/** A person as it was called when the report was made. */
export class CopiedUserView {
  id!: string;
  username!: string;
  displayName!: string;
}

/** A conversation as it was when the report was made. */
export class CopiedConversationView {
  id!: string;
  /** `DIRECT` or `GROUP`. */
  type!: string;
  title!: string | null;
  memberCount!: number;
}

/** What was there when the report was made, as its reporter was shown it. */
export class ReportCopyView {
  /** In their order; of a report of a message five on either side of it at the most, of a conversation its newest. */
  @ApiProperty({ type: () => CopiedMessageView, isArray: true })
  messages!: CopiedMessageView[];
  /** Who wrote them, and whom it is about. */
  @ApiProperty({ type: () => CopiedUserView, isArray: true })
  users!: CopiedUserView[];
  /** Null for a user. */
  @ApiProperty({ type: () => CopiedConversationView, nullable: true })
  conversation!: CopiedConversationView | null;
}

/** The whole of a report. */
export class WholeReportView extends ReportView {
  /** Null 30 days after it was resolved. */
  @ApiProperty({ type: () => ReportCopyView, nullable: true })
  copy!: ReportCopyView | null;
}
