import { IsInt, Max, Min } from 'class-validator';
import { QueryInteger } from '../../common/validation/query-integer.decorator.js';
import { OptionalField } from '../../common/validation/optional-field.decorator.js';

const PAGE = 50;
const LARGEST_PAGE = 100;
const LARGEST_SKIP = 10_000;

export class ChatsQuery {
  @OptionalField(PAGE)
  @QueryInteger()
  @IsInt()
  @Min(1)
  @Max(LARGEST_PAGE)
  limit: number = PAGE;

  /** The newest so many are left out. */
  @OptionalField(0)
  @QueryInteger()
  @IsInt()
  @Min(0)
  @Max(LARGEST_SKIP)
  skip: number = 0;
}
