import { IsInt, Max, Min } from 'class-validator';
import { IsId } from '../../common/validation/is-id.decorator.js';
import { QueryInteger } from '../../common/validation/query-integer.decorator.js';
import { OptionalField } from '../../common/validation/optional-field.decorator.js';

const MAX_PAGE_SIZE = 100;

export class OpenRoomDto {
  @IsId()
  otherUserId!: string;
}

export class RoomHistoryQuery {
  @OptionalField(MAX_PAGE_SIZE)
  @QueryInteger()
  @IsInt()
  @Min(1)
  @Max(MAX_PAGE_SIZE)
  limit: number = MAX_PAGE_SIZE;

  /** A message's id: what was written before it. */
  @OptionalField()
  @IsId({ required: false })
  before?: string;
}
