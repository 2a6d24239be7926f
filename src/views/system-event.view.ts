import { ApiProperty } from '@nestjs/swagger';
import { MEMBER_ROLES, type MemberRole } from './conversations.view.js';

export const SYSTEM_EVENT_TYPES = [
  'GROUP_CREATED',
  'MEMBERS_ADDED',
  'MEMBER_REMOVED',
  'MEMBER_LEFT',
  'ROLE_CHANGED',
  'GROUP_CHANGED',
] as const;
export type SystemEventType = (typeof SYSTEM_EVENT_TYPES)[number];

/** What a SYSTEM message is about, for clients that word it themselves. */
export class SystemEventView {
  @ApiProperty({ enum: SYSTEM_EVENT_TYPES })
  type!: SystemEventType;
  /** The user who did it. */
  actorId!: string;
  /** The users it happened to; at most the first 100 of them. */
  userIds!: string[];
  /** How many users it happened to, where they are more than `userIds` lists. */
  @ApiProperty({ type: 'integer', minimum: 101, required: false })
  userCount?: number;
  /** The title that the group got: `GROUP_CREATED`, and `GROUP_CHANGED` where it was renamed. */
  title?: string;
  /** The role that was given: `ROLE_CHANGED`. */
  @ApiProperty({ enum: MEMBER_ROLES, enumName: 'MemberRole', required: false })
  role?: MemberRole;
}
