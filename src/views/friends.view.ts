import { ApiProperty } from '@nestjs/swagger';
import { UserView } from './users.view.js';

export const FRIEND_REQUEST_STATUSES = ['PENDING', 'ACCEPTED', 'REJECTED', 'CANCELLED'] as const;
export type FriendRequestStatus = (typeof FRIEND_REQUEST_STATUSES)[number];

/** A friend request (contract, section 3). */
export class FriendRequestView {
  id!: string;
  senderId!: string;
  receiverId!: string;
  @ApiProperty({ enum: FRIEND_REQUEST_STATUSES, enumName: 'FriendRequestStatus' })
  status!: FriendRequestStatus;
  /** ISO 8601, UTC. */
  createdAt!: string;
  /** When it was accepted, rejected or cancelled; null while pending. */
  respondedAt!: string | null;
}

/** A request in the caller's list, with the other side of it. */
export class FriendRequestItemView extends FriendRequestView {
  user!: UserView;
}

/** Somebody the caller has blocked. */
export class BlockView {
  user!: UserView;
  /** ISO 8601, UTC. */
  createdAt!: string;
}

/** The columns that a `FriendRequestView` is made of. */
export interface FriendRequestRow {
  id: string;
  senderId: string;
  receiverId: string;
  status: FriendRequestStatus;
  createdAt: Date;
  respondedAt: Date | null;
}

export function friendRequestView(row: FriendRequestRow): FriendRequestView {
  return {
    id: row.id,
    senderId: row.senderId,
    receiverId: row.receiverId,
    status: row.status,
    createdAt: row.createdAt.toISOString(),
    respondedAt: row.respondedAt?.toISOString() ?? null,
  };
}
