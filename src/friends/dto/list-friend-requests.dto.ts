import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { PageQuery } from '../../common/pagination.js';
import { FRIEND_REQUEST_STATUSES, type FriendRequestStatus } from '../../views/friends.view.js';
import { OptionalField } from '../../common/validation/optional-field.decorator.js';

export const REQUEST_DIRECTIONS = ['incoming', 'outgoing'] as const;
export type RequestDirection = (typeof REQUEST_DIRECTIONS)[number];

export class ListFriendRequestsQuery extends PageQuery {
  /** Those the caller received or those it sent; both without it. */
  @ApiPropertyOptional({ enum: REQUEST_DIRECTIONS, enumName: 'FriendRequestDirection' })
  @OptionalField()
  @IsIn(REQUEST_DIRECTIONS)
  direction?: RequestDirection;

  /** Only those in this status. */
  @ApiPropertyOptional({ enum: FRIEND_REQUEST_STATUSES, enumName: 'FriendRequestStatus' })
  @OptionalField()
  @IsIn(FRIEND_REQUEST_STATUSES)
  status?: FriendRequestStatus;
}
