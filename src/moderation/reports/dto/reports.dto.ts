import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { MAX_REASON_LENGTH } from '../../../audit/audit-entry.js';
import { PageQuery } from '../../../common/pagination.js';
import { IsId } from '../../../common/validation/is-id.decorator.js';
import { IsText } from '../../../common/validation/is-text.decorator.js';
import { IsTime } from '../../../common/validation/is-time.decorator.js';
import { OptionalField } from '../../../common/validation/optional-field.decorator.js';
import {
  REPORT_ACTIONS,
  REPORT_REASONS,
  REPORT_STATUSES,
  REPORT_TARGETS,
  type ReportAction,
  type ReportReason,
  type ReportStatus,
  type ReportTarget,
} from '../report.js';

export const MAX_COMMENT_LENGTH = 1_000;

export class CreateReportDto {
  @ApiProperty({ enum: REPORT_TARGETS, enumName: 'ReportTarget' })
  @IsIn(REPORT_TARGETS)
  targetType!: ReportTarget;

  @IsId()
  targetId!: string;

  @ApiProperty({ enum: REPORT_REASONS, enumName: 'ReportReason' })
  @IsIn(REPORT_REASONS)
  reason!: ReportReason;

  /** In the reporter's words. */
  @ApiProperty({ type: String, required: false, minLength: 1, maxLength: MAX_COMMENT_LENGTH })
  @OptionalField()
  @IsText({ min: 1, max: MAX_COMMENT_LENGTH })
  comment?: string;
}

export class ReportsQuery extends PageQuery {
  /** Left out: all of them, the newest first. Those that are open come with the oldest first. */
  @ApiProperty({ enum: REPORT_STATUSES, enumName: 'ReportStatus', required: false })
  @OptionalField()
  @IsIn(REPORT_STATUSES)
  status?: ReportStatus;

  /** Those about this user. */
  @OptionalField()
  @IsId({ required: false })
  targetUserId?: string;
}

export class ResolveReportDto {
  @ApiProperty({ enum: REPORT_ACTIONS, enumName: 'ReportAction' })
  @IsIn(REPORT_ACTIONS)
  action!: ReportAction;

  /** With `suspend_user`, and only with it: until when, in the future. */
  @OptionalField()
  @IsTime({ required: false })
  until?: string;

  /** For other moderators: never shown to anybody else. */
  @ApiProperty({ type: String, required: false, minLength: 1, maxLength: MAX_REASON_LENGTH })
  @OptionalField()
  @IsText({ min: 1, max: MAX_REASON_LENGTH })
  note?: string;
}
