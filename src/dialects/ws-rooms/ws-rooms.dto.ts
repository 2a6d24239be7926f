import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { IsId } from '../../common/is-id.decorator.js';
import { QueryInteger } from '../../common/query-integer.decorator.js';

const LARGEST_PAGE = 100;

export class OpenRoomDto {
  @IsId()
  otherUserId!: string;
}

export class RoomHistoryQuery {
  @IsOptional()
  @QueryInteger()
  @IsInt()
  @Min(1)
  @Max(LARGEST_PAGE)
  limit: number = LARGEST_PAGE;

  /** A message's id: what was written before it. */
  @IsOptional()
  @IsId({ required: false })
  before?: string;
}
