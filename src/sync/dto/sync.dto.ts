import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { Type } from 'class-transformer';
import { DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE } from '../../common/pagination.js';

/** Where a client is; without a cursor it starts from now, with its conversations. */
export class SyncDto {
  /** `cursor` of the answer before, or `syncCursor` of `session:ready`. Opaque. */
  @IsOptional()
  @IsString()
  @MaxLength(8192)
  cursor?: string | null;

  /** How many things at most, of all kinds together. */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(LARGEST_PAGE_SIZE)
  limit: number = DEFAULT_PAGE_SIZE;
}
