import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { DEFAULT_PAGE_SIZE, PageCursor, PageLimit } from '../../common/pagination.js';
import { IsId } from '../../common/validation/is-id.decorator.js';
import { IsTime } from '../../common/validation/is-time.decorator.js';
import { OptionalField } from '../../common/validation/optional-field.decorator.js';
import { AUDIT_ACTIONS, AUDIT_TARGETS, type AuditAction, type AuditTarget } from '../audit-entry.js';

/** What the entries of a list have in common. */
export class AuditFilter {
  /** Who did it. */
  @OptionalField()
  @IsId({ required: false })
  actorId?: string;

  @ApiProperty({ enum: AUDIT_ACTIONS, required: false })
  @OptionalField()
  @IsIn(AUDIT_ACTIONS)
  action?: AuditAction;

  @ApiProperty({ enum: AUDIT_TARGETS, required: false })
  @OptionalField()
  @IsIn(AUDIT_TARGETS)
  targetType?: AuditTarget;

  /** To whom, or to what. */
  @OptionalField()
  @IsId({ required: false })
  targetId?: string;

  /** Not before then. */
  @OptionalField()
  @IsTime({ required: false })
  since?: string;

  /** Before then. */
  @OptionalField()
  @IsTime({ required: false })
  until?: string;
}

export class AuditQuery extends AuditFilter {
  @PageLimit()
  limit: number = DEFAULT_PAGE_SIZE;

  @PageCursor()
  cursor?: string;
}

export const AUDIT_FORMATS = ['csv', 'jsonl'] as const;
export type AuditFormat = (typeof AUDIT_FORMATS)[number];

export class AuditExportQuery extends AuditFilter {
  @ApiProperty({ enum: AUDIT_FORMATS, default: 'csv', required: false })
  @OptionalField('csv')
  @IsIn(AUDIT_FORMATS)
  format: AuditFormat = 'csv';
}
