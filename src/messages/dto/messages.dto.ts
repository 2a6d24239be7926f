import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayUnique, IsArray, IsIn, IsInt, Max, Min, ValidateIf, ValidateNested } from 'class-validator';
import { MAX_ATTACHMENTS } from '../../attachments/attachment.js';
import { ExternalAttachment } from '../../attachments/dto/attachments.dto.js';
import { PageQuery } from '../../common/pagination.js';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../../common/pagination.js';
import { IsId } from '../../common/validation/is-id.decorator.js';
import { IsText } from '../../common/validation/is-text.decorator.js';
import { showsSomething } from '../../common/text/visible-text.js';
import { NoLongerThan } from '../../common/validation/no-longer-than.decorator.js';
import { QueryInteger } from '../../common/validation/query-integer.decorator.js';
import { OptionalField } from '../../common/validation/optional-field.decorator.js';

/** Characters (code points) of a message at the most. */
export const MAX_CONTENT_LENGTH = 8_000;
const MAX_SEQ = 2_147_483_647;

/** What a message says and carries: text, attachments or both. */
export class MessageContentDto {
  /** 1 to 8,000 characters, one of which can be seen; may be left out where there are attachments. @example "Hello!" */
  @ValidateIf(needsText)
  @ApiProperty({ required: false })
  @IsText({ min: 1, max: MAX_CONTENT_LENGTH })
  content?: string | null;

  /** Uploads of one's own, each used by no other message; shown in this order, before those kept elsewhere. */
  @OptionalField()
  @IsArray()
  @ArrayMaxSize(MAX_ATTACHMENTS)
  @ArrayUnique()
  @IsId({ each: true, required: false })
  attachmentIds?: string[] | null;

  /** Files kept elsewhere. With those uploaded at most 10. */
  @OptionalField()
  @IsArray()
  @ArrayMaxSize(MAX_ATTACHMENTS)
  @NoLongerThan(MAX_ATTACHMENTS)
  @ValidateNested({ each: true })
  @Type(() => ExternalAttachment)
  attachments?: ExternalAttachment[] | null;
}

/** Nothing at all is only enough where something is attached. */
function needsText({ content, attachmentIds, attachments }: MessageContentDto): boolean {
  const isEmpty =
    content === undefined || content === null || (typeof content === 'string' && !showsSomething(content));
  return !isEmpty || ((attachmentIds ?? []).length === 0 && (attachments ?? []).length === 0);
}

/** The body of a send over REST: the conversation is in the path. */
export class CreateMessageDto extends MessageContentDto {
  /** Makes the send idempotent: a repeat with the same id answers the message that is stored already. */
  @OptionalField()
  @IsId({ nullable: true, required: false })
  clientId?: string | null;

  /** A message of the same conversation that this one answers. */
  @OptionalField()
  @IsId({ nullable: true, required: false })
  replyToId?: string | null;
}

export class EditMessageDto {
  /** As of a send: empty takes the text away where there are attachments. @example "Hello, world!" */
  @IsText({ max: MAX_CONTENT_LENGTH })
  content!: string;
}

/** Which part of the history; at most one of `before`, `after` and `around`, without any the newest page. */
export class HistoryQuery {
  @OptionalField(DEFAULT_PAGE_SIZE)
  @QueryInteger()
  @IsInt()
  @Min(1)
  @Max(MAX_PAGE_SIZE)
  limit: number = DEFAULT_PAGE_SIZE;

  /** Messages below this sequence number. */
  @OptionalField()
  @QueryInteger()
  @IsInt()
  @Min(0)
  @Max(MAX_SEQ)
  before?: number;

  /** Messages above this sequence number. */
  @OptionalField()
  @QueryInteger()
  @IsInt()
  @Min(0)
  @Max(MAX_SEQ)
  after?: number;

  /** Messages on both sides of this sequence number, it included. */
  @OptionalField()
  @QueryInteger()
  @IsInt()
  @Min(0)
  @Max(MAX_SEQ)
  around?: number;
}

export const DELETE_SCOPES = ['everyone', 'me'] as const;
export type DeleteScope = (typeof DELETE_SCOPES)[number];

export class DeleteMessageQuery {
  /** `me` empties it for the caller alone. */
  @ApiProperty({ enum: DELETE_SCOPES, default: 'everyone', required: false })
  @OptionalField('everyone')
  @IsIn(DELETE_SCOPES)
  for: DeleteScope = 'everyone';
}

export class SearchMessagesQuery extends PageQuery {
  /** Words, or a part of one. @example "lisbon" */
  @ApiProperty({ minLength: 1, maxLength: 200 })
  @IsText({ min: 1, max: 200 })
  q!: string;

  /** Only this conversation. */
  @OptionalField()
  @IsId({ required: false })
  conversationId?: string;
}
