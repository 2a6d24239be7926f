import { ApiProperty } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { PageQuery } from '../../common/pagination.js';
import { DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE } from '../../common/pagination.js';
import { IsId } from '../../common/is-id.decorator.js';
import { IsText } from '../../common/is-text.decorator.js';

/** Characters (code points) of a message at the most. */
export const LONGEST_CONTENT = 8_000;
const LARGEST_SEQ = 2_147_483_647;

/** The body of a send over REST: the conversation is in the path. */
export class CreateMessageDto {
  /** 1 to 8,000 characters, not all blank. @example "Hello!" */
  @IsText({ min: 1, max: LONGEST_CONTENT })
  content!: string;

  /** Makes the send idempotent: a repeat with the same id answers the message that is stored already. */
  @IsOptional()
  @IsId({ nullable: true, required: false })
  clientId?: string | null;

  /** None yet: this server does not take attachments. */
  @ApiProperty({ type: [String], maxItems: 0, required: false })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(0)
  attachmentIds?: string[] | null;

  /** A message of the same conversation that this one answers. */
  @IsOptional()
  @IsId({ nullable: true, required: false })
  replyToId?: string | null;
}

export class EditMessageDto {
  /** @example "Hello, world!" */
  @IsText({ min: 1, max: LONGEST_CONTENT })
  content!: string;
}

/** Digits alone: `Number` would take an empty position for the beginning, and answer nothing. */
function sequenceNumber({ value }: { value: unknown }): unknown {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
}

/** Which part of the history; at most one of `before`, `after` and `around`, without any the newest page. */
export class HistoryQuery {
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(LARGEST_PAGE_SIZE)
  limit: number = DEFAULT_PAGE_SIZE;

  /** Messages below this sequence number. */
  @IsOptional()
  @Transform(sequenceNumber)
  @IsInt()
  @Min(0)
  @Max(LARGEST_SEQ)
  before?: number;

  /** Messages above this sequence number. */
  @IsOptional()
  @Transform(sequenceNumber)
  @IsInt()
  @Min(0)
  @Max(LARGEST_SEQ)
  after?: number;

  /** Messages on both sides of this sequence number, it included. */
  @IsOptional()
  @Transform(sequenceNumber)
  @IsInt()
  @Min(0)
  @Max(LARGEST_SEQ)
  around?: number;
}

export const DELETE_SCOPES = ['everyone', 'me'] as const;
export type DeleteScope = (typeof DELETE_SCOPES)[number];

export class DeleteMessageQuery {
  /** `me` empties it for the caller alone. */
  @ApiProperty({ enum: DELETE_SCOPES, default: 'everyone', required: false })
  @IsOptional()
  @IsIn(DELETE_SCOPES)
  for: DeleteScope = 'everyone';
}

export class SearchMessagesQuery extends PageQuery {
  /** Words, or a part of one. @example "lisbon" */
  @IsText({ min: 1, max: 200 })
  q!: string;

  /** Only this conversation. */
  @IsOptional()
  @IsId({ required: false })
  conversationId?: string;
}
