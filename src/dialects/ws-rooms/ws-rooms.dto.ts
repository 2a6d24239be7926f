import { IsInt, Max, Min } from 'class-validator';
import { IsId } from '../../common/is-id.decorator.js';
import { QueryInteger } from '../../common/query-integer.decorator.js';
import { OptionalField } from '../../common/optional-field.decorator.js';

const LARGEST_PAGE = 100;

export class OpenRoomDto {
  @IsId()
  otherUserId!: string;
}

export class RoomHistoryQuery {
  @OptionalField(LARGEST_PAGE)
  @QueryInteger()
  @IsInt()
  @Min(1)
  @Max(LARGEST_PAGE)
  limit: number = LARGEST_PAGE;

  /** A message's id: what was written before it. */
  @OptionalField()
  @IsId({ required: false })
  before?: string;
}
