import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { MAX_ATTACHMENTS } from '../../attachments/attachment.js';
import { AnyExternalAttachment } from '../../attachments/dto/attachments.dto.js';
import { IsId } from '../../common/validation/is-id.decorator.js';
import { IsText } from '../../common/validation/is-text.decorator.js';
import {
  DELETE_SCOPES,
  type DeleteScope,
  MAX_CONTENT_LENGTH,
  MessageContentDto,
} from '../../messages/dto/messages.dto.js';
import { NullIsAbsent, OptionalField } from '../../common/validation/optional-field.decorator.js';

/** Dialects count what they take apart before they make a payload of it. */
export { MAX_ATTACHMENTS };

const MAX_SEQ = 2_147_483_647;

/** A bare id string is taken as `{ conversationId }`. */
export class ConversationReferenceDto {
  @IsId()
  conversationId!: string;
}

/** Exactly one of `conversationId` and `receiverId`. */
export class SendMessageDto extends MessageContentDto {
  @NullIsAbsent()
  @ValidateIf((payload: SendMessageDto) => payload.receiverId === undefined || payload.conversationId !== undefined)
  @IsId({ required: false })
  conversationId?: string;

  /** Finds or creates the direct conversation with this user. */
  @NullIsAbsent()
  @ValidateIf((payload: SendMessageDto) => payload.receiverId !== undefined)
  @IsId({ required: false })
  receiverId?: string;

  /** Makes the send idempotent: a repeat with the same id answers the message that is stored already. */
  @OptionalField()
  @IsId({ nullable: true, required: false })
  clientId?: string | null;

  /** A message of the same conversation that this one answers. */
  @OptionalField()
  @IsId({ nullable: true, required: false })
  replyToId?: string | null;
}

/** The same from a dialect, whose clients may keep files over http as well. */
export class DialectMessageDto extends SendMessageDto {
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_ATTACHMENTS)
  @ValidateNested({ each: true })
  @Type(() => AnyExternalAttachment)
  override attachments?: AnyExternalAttachment[] | null = null;
}

export class SetActiveDto {
  /** False while nobody looks: the app is in the background, the page's tab is hidden. */
  @IsBoolean()
  active!: boolean;
}

export class EditMessageEventDto {
  @IsId()
  messageId!: string;

  /** As of a send: empty takes the text away where there are attachments. */
  @IsText({ max: MAX_CONTENT_LENGTH })
  content!: string;
}

export class DeleteMessageEventDto {
  @IsId()
  messageId!: string;

  @ApiProperty({ enum: DELETE_SCOPES, default: 'everyone', required: false })
  @OptionalField()
  @IsIn(DELETE_SCOPES)
  for?: DeleteScope;
}

export class ReactDto {
  @IsId()
  messageId!: string;

  /** One emoji, or a name such as `+1`. @example "👍" */
  @IsString()
  @MaxLength(64)
  emoji!: string;

  /** Takes the reaction back. */
  @OptionalField()
  @IsBoolean()
  remove?: boolean;
}

export class MoveCursorDto {
  @IsId()
  conversationId!: string;

  /** Beyond the conversation's last message it counts as that one; a cursor never moves back. */
  @IsInt()
  @Min(0)
  @Max(MAX_SEQ)
  seq!: number;
}

export class TypingDto {
  @IsId()
  conversationId!: string;

  @IsBoolean()
  isTyping!: boolean;
}

export class AuthenticateDto {
  /** A fresh access token of the same user. */
  @IsString()
  @MaxLength(8192)
  token!: string;
}
