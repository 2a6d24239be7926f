import { IsInt, Max, Min } from 'class-validator';
import { QueryInteger } from '../../common/validation/query-integer.decorator.js';
import { OptionalField } from '../../common/validation/optional-field.decorator.js';

const PAGE = 50;
const MAX_PAGE_SIZE = 100;
/** Each message that is passed over costs as much as one that is looked up. */
export const MAX_SKIP = 10_000;

export class ChatsQuery {
  @OptionalField(PAGE)
  @QueryInteger()
  @IsInt()
  @Min(1)
  @Max(MAX_PAGE_SIZE)
  limit: number = PAGE;

  /** The newest so many are left out. */
  @OptionalField(0)
  @QueryInteger()
  @IsInt()
  @Min(0)
  @Max(MAX_SKIP)
  skip: number = 0;
}
