import { IsInt, IsString, Max, MaxLength, Min, ValidateIf } from 'class-validator';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../../common/pagination.js';
import { QueryInteger } from '../../common/validation/query-integer.decorator.js';
import { OptionalField } from '../../common/validation/optional-field.decorator.js';
import { MAX_CURSOR_LENGTH } from '../sync-cursor.js';

/** Where a client is; without a cursor it starts from now, with its conversations. */
export class SyncDto {
  /** `cursor` of the answer before, or `syncCursor` of `session:ready`. Opaque. */
  @OptionalField()
  @IsString()
  @MaxLength(MAX_CURSOR_LENGTH)
  cursor?: string | null;

  /** How many things at most, of all kinds together. */
  @ValidateIf((_, limit: unknown) => limit !== undefined)
  @IsInt()
  @Min(1)
  @Max(MAX_PAGE_SIZE)
  limit: number = DEFAULT_PAGE_SIZE;
}

/** The same in a query string, whose numbers are texts. */
export class SyncQuery extends SyncDto {
  @QueryInteger()
  override limit: number = DEFAULT_PAGE_SIZE;
}
