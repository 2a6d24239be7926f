import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIn } from 'class-validator';
import { MAX_REASON_LENGTH } from '../../../audit/audit-entry.js';
import { PageQuery } from '../../../common/pagination.js';
import { SERVER_ROLES, type ServerRole } from '../../../common/access/server-role.js';
import { IsText } from '../../../common/validation/is-text.decorator.js';
import { IsTime } from '../../../common/validation/is-time.decorator.js';
import { OptionalField } from '../../../common/validation/optional-field.decorator.js';

const MAX_SEARCH_LENGTH = 254;

export class AccountsQuery extends PageQuery {
  /** How a username or a display name begins, a whole e-mail address, or an id. */
  @ApiProperty({ type: String, required: false, minLength: 1, maxLength: MAX_SEARCH_LENGTH })
  @OptionalField()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value))
  @IsText({ min: 1, max: MAX_SEARCH_LENGTH })
  search?: string;

  @ApiProperty({ enum: SERVER_ROLES, enumName: 'ServerRole', required: false })
  @OptionalField()
  @IsIn(SERVER_ROLES)
  role?: ServerRole;

  /** Whether it is suspended or banned now. */
  @ApiProperty({ type: Boolean, required: false })
  @OptionalField()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean()
  suspended?: boolean;
}

/** Why, as it is shown to whom it is about: 1 to 1,000 characters. */
export class ReasonDto {
  @IsText({ min: 1, max: MAX_REASON_LENGTH })
  reason!: string;
}

export class SuspendDto extends ReasonDto {
  /** Until when, in the future. */
  @IsTime()
  until!: string;
}

/** For the audit log alone. */
export class OptionalReasonDto {
  @ApiProperty({ type: String, required: false, minLength: 1, maxLength: MAX_REASON_LENGTH })
  @OptionalField()
  @IsText({ min: 1, max: MAX_REASON_LENGTH })
  reason?: string;
}

export class GrantRoleDto extends OptionalReasonDto {
  @ApiProperty({ enum: SERVER_ROLES, enumName: 'ServerRole' })
  @IsIn(SERVER_ROLES)
  role!: ServerRole;
}
