import { IsInt, Max, Min } from 'class-validator';
import { QueryInteger } from '../../common/validation/query-integer.decorator.js';
import { OptionalField } from '../../common/validation/optional-field.decorator.js';

const PAGE = 50;
const MAX_PAGE_SIZE = 100;
/** Each message of a conversation that is passed over costs as much as one that is looked up. */
export const MAX_SKIP = 10_000;
/** As many messages, and a page, are looked up in each of the caller's conversations. */
const MAX_RECENT_SKIP = 2_000;

class ChatsPage {
  @OptionalField(PAGE)
  @QueryInteger()
  @IsInt()
  @Min(1)
  @Max(MAX_PAGE_SIZE)
  limit: number = PAGE;
}

export class ChatsQuery extends ChatsPage {
  /** The newest so many are left out. */
  @OptionalField(0)
  @QueryInteger()
  @IsInt()
  @Min(0)
  @Max(MAX_SKIP)
  skip: number = 0;
}

export class RecentChatsQuery extends ChatsPage {
  /** The newest so many are left out. */
  @OptionalField(0)
  @QueryInteger()
  @IsInt()
  @Min(0)
  @Max(MAX_RECENT_SKIP)
  skip: number = 0;
}
