import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsUrl,
  Max,
  Min,
  ValidateIf,
} from 'class-validator';
import { IsId } from '../../common/validation/is-id.decorator.js';
import { MAX_PAGE_SIZE, PageQuery } from '../../common/pagination.js';
import { IsTime } from '../../common/validation/is-time.decorator.js';
import { IsName, IsText } from '../../common/validation/is-text.decorator.js';
import {
  MEMBER_ROLES,
  type HistoryVisibility,
  HISTORY_VISIBILITIES,
  type MemberRole,
} from '../../views/conversations.view.js';
import { NullIsAbsent, OptionalField } from '../../common/validation/optional-field.decorator.js';

/** Members of a group at the most, its owner included. */
export const MAX_GROUP_MEMBERS = 1000;
/** A user's groups: what each of its connections costs grows with them. */
export const MAX_GROUPS_OF_USER = 2000;
const MAX_SEQ = 2_147_483_647;

/** `{ userId }` opens a direct conversation; `{ type: "GROUP", title, memberIds }` creates a group. */
export class CreateConversationDto {
  @ApiProperty({ enum: ['DIRECT', 'GROUP'], default: 'DIRECT', required: false })
  @OptionalField()
  @IsIn(['DIRECT', 'GROUP'])
  type?: 'DIRECT' | 'GROUP';

  /** Direct only: the other user. */
  @NullIsAbsent()
  @ValidateIf((body: CreateConversationDto) => body.type !== 'GROUP' || body.userId !== undefined)
  @IsId({ required: false })
  userId?: string;

  /** Groups only. @example "Trip to Lisbon" */
  @NullIsAbsent()
  @ValidateIf((body: CreateConversationDto) => body.type === 'GROUP' || body.title !== undefined)
  @IsName({ max: 100 })
  title?: string;

  /** Groups only: everybody but the caller. */
  @NullIsAbsent()
  @ValidateIf((body: CreateConversationDto) => body.type === 'GROUP' || body.memberIds !== undefined)
  @IsArray()
  @ArrayMaxSize(MAX_GROUP_MEMBERS - 1)
  @ArrayUnique()
  @IsId({ each: true, required: false })
  memberIds?: string[];
}

export class UpdateConversationDto {
  @ValidateIf((body: UpdateConversationDto) => body.title !== undefined)
  @IsName({ max: 100 })
  title?: string;

  /** An https URL; null removes the picture. */
  @IsOptional()
  @IsText({ max: 2_048, singleLine: true })
  @IsUrl({ protocols: ['https'], require_protocol: true, require_tld: false, disallow_auth: true })
  avatarUrl?: string | null;

  /** An image of one's own that was uploaded and is used by nothing else; instead of `avatarUrl`. */
  @ValidateIf((body: UpdateConversationDto) => body.avatarId !== undefined)
  @IsId({ required: false })
  avatarId?: string;

  /** Whether members who join from now on see what was written before. */
  @ApiProperty({ enum: HISTORY_VISIBILITIES, enumName: 'HistoryVisibility', required: false })
  @ValidateIf((body: UpdateConversationDto) => body.historyVisibility !== undefined)
  @IsIn(HISTORY_VISIBILITIES)
  historyVisibility?: HistoryVisibility;
}

export class AddMembersDto {
  @IsArray()
  @ArrayMaxSize(MAX_GROUP_MEMBERS)
  @ArrayUnique()
  @IsId({ each: true })
  memberIds!: string[];
}

export class UpdateMemberDto {
  /** OWNER hands the group over: the caller becomes ADMIN. */
  @ApiProperty({ enum: MEMBER_ROLES, enumName: 'MemberRole' })
  @IsIn(MEMBER_ROLES)
  role!: MemberRole;
}

/** The caller's own settings of a conversation. */
export class UpdateOwnMembershipDto {
  /** No push until then (RFC 3339 with its zone, years 1000 to 9999); null unmutes. */
  @IsOptional()
  @IsTime({ nullable: true, required: false })
  mutedUntil?: string | null;

  @ValidateIf((body: UpdateOwnMembershipDto) => body.archived !== undefined)
  @IsBoolean()
  archived?: boolean;

  @ValidateIf((body: UpdateOwnMembershipDto) => body.pinned !== undefined)
  @IsBoolean()
  pinned?: boolean;
}

/** A page of receipts: as large as pages are, so that one is enough for every conversation that is shown live. */
export class ReceiptsQuery extends PageQuery {
  @ApiProperty({
    type: 'integer',
    minimum: 1,
    maximum: MAX_PAGE_SIZE,
    default: MAX_PAGE_SIZE,
    required: false,
  })
  override limit: number = MAX_PAGE_SIZE;
}

export class MarkReadDto {
  /** Read up to here. Beyond the conversation's last message it counts as that one; a cursor never moves back. */
  @IsInt()
  @Min(0)
  @Max(MAX_SEQ)
  seq!: number;
}
