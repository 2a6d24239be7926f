import { IsInt, Max, Min } from 'class-validator';
import { IsId } from '../../common/validation/is-id.decorator.js';
import { QueryInteger } from '../../common/validation/query-integer.decorator.js';
import { OptionalField } from '../../common/validation/optional-field.decorator.js';

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
